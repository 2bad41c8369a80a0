// The script that stands in for https://res.wx.qq.com/open/js/jweixin-1.6.0.js: the same callbacks
// in the same order, and the mock in place of the app around the page.
import type { MockAnswer } from '../http/mock-http.js';
import { JS_CONFIG } from './js-config.js';

/** Where the script is. */
export const JWEIXIN = '/mock/jweixin.js';

/**
 * As the real one: "ready" after a failure too and at once to whoever asks later, one place for who
 * hears of errors, silence about the success of a later `config`. On iOS the address of the first
 * load counts.
 */
const SCRIPT = `(() => {
  if (window.wx && window.wx.config) return;
  const mock = new URL(document.currentScript.src).origin;
  const bare = () => location.href.split('#')[0];
  const entry = bare();
  const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent);
  let state = 0, known, handler, allowed = [], waiting = [];
  const told = (problem) => {
    state = 1;
    known = problem;
    if (problem && handler) handler(problem);
    else if (problem) state = -1;
    for (const act of waiting.splice(0)) act();
  };
  const wx = {
    config(options) {
      allowed = [];
      const { appId, timestamp, nonceStr, signature } = options;
      const url = isApple ? entry : bare();
      const query = new URLSearchParams({ appId, timestamp, nonceStr, signature, url });
      fetch(mock + '${JS_CONFIG}?' + query)
        .then((answer) => answer.json())
        .catch(() => ({ errMsg: 'config:fail' }))
        .then((result) => {
          if (options.debug) console.log('config', result);
          const isOk = result.errMsg === 'config:ok';
          if (isOk) allowed = options.jsApiList || [];
          told(isOk ? undefined : result);
        });
    },
    ready(act) {
      if (state !== 0) act();
      else waiting.push(act);
    },
    error(act) {
      if (state === -1) act(known);
      else handler = act;
    },
    checkJsApi({ jsApiList, success }) {
      const checkResult = Object.fromEntries(jsApiList.map((name) => [name, allowed.includes(name)]));
      setTimeout(() => success && success({ errMsg: 'checkJsApi:ok', checkResult }));
    },
  };
  const apis = {
    updateAppMessageShareData: {},
    updateTimelineShareData: {},
    getNetworkType: { networkType: 'wifi' },
    scanQRCode: { resultStr: 'mock' },
    hideMenuItems: {},
    showMenuItems: {},
    closeWindow: {},
  };
  for (const [name, result] of Object.entries(apis)) {
    wx[name] = (options = {}) => setTimeout(() => {
      const isAllowed = allowed.includes(name);
      const said = { ...(isAllowed ? result : {}), errMsg: name + (isAllowed ? ':ok' : ':the permission value is offline verifying') };
      const act = isAllowed ? options.success : options.fail;
      if (act) act(said);
      if (options.complete) options.complete(said);
    });
  }
  window.wx = window.jWeixin = wx;
})();
`;

/** `GET /mock/jweixin.js`, for pages of any origin. */
export function jweixin(): MockAnswer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    },
    body: SCRIPT,
  };
}
