// wxLogin.js, by which pages show WeChat's QR code in a frame: the same options, the same address,
// put together raw, so that what is not encoded breaks here as it does there.
import type { MockAnswer } from '../http/mock-http.js';

/** Its path, as WeChat has it at res.wx.qq.com. */
export const WX_LOGIN_SCRIPT = '/connect/zh_CN/htmledition/js/wxLogin.js';

/**
 * @param origin of this server, where WeChat has open.weixin.qq.com
 */
export function wxLoginScript(origin: string): MockAnswer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      // Pages of any origin load it.
      'Cross-Origin-Resource-Policy': 'cross-origin',
    },
    body: `${SCRIPT}(window, document, ${JSON.stringify(origin)});\n`,
  };
}

/** Numbers and booleans count by their type: "1" is not 1, and "true" is not true. */
const SCRIPT = `!function (window, document, origin) {
  function WxLogin(options) {
    var self = options.self_redirect === true ? 'true' : options.self_redirect === false ? 'false' : 'default';
    var src = origin + '/connect/qrconnect?appid=' + options.appid + '&scope=' + options.scope +
      '&redirect_uri=' + options.redirect_uri + '&state=' + options.state +
      '&login_type=jssdk&self_redirect=' + self + '&styletype=' + (options.styletype || '') +
      '&sizetype=' + (options.sizetype || '') + '&bgcolor=' + (options.bgcolor || '') + '&rst=' + (options.rst || '');
    if (options.style) src += '&style=' + options.style;
    if (options.href) src += '&href=' + options.href;
    if (options.lang === 'en') src += '&lang=en';
    if (options.stylelite === 1) src += '&stylelite=1';
    if (options.fast_login === 0) src += '&fast_login=0';
    if (/^(auto|dark|light)$/.test(options.color_scheme)) src += '&color_scheme=' + options.color_scheme;
    var frame = document.createElement('iframe');
    frame.src = src;
    frame.frameBorder = '0';
    frame.allowTransparency = 'true';
    frame.scrolling = 'no';
    frame.width = '300px';
    frame.height = '400px';
    var element = document.getElementById(options.id);
    element.innerHTML = '';
    element.appendChild(frame);
    function hear(event) {
      if (event.origin !== origin) return;
      try {
        var said = JSON.parse(event.data);
        if (said.type === 'status' && said.status === 'wxReady' && options.onReady) options.onReady(true);
      } catch (e) {}
    }
    window.addEventListener('message', hear);
    options.onCleanup = function () { window.removeEventListener('message', hear); };
  }
  window.WxLogin = WxLogin;
}`;
