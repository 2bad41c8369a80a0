// Which client a user agent is. The strings are those of real clients; what no string tells is not
// guessed.
import { detectClient } from '../../../../lib/auth/http/client-detection.js';
import type { WechatClientKind } from '../../../../lib/model/client-kind.js';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const ANDROID =
  'Mozilla/5.0 (Linux; Android 14; 23127PN0CC Build/UKQ1.230804.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0';
const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)';
const HARMONY = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1';

const AGENTS: Record<WechatClientKind, [what: string, agent: string][]> = {
  wechat: [
    [
      'WeChat on an iPhone',
      `${IPHONE} Mobile/15E148 MicroMessenger/8.0.53(0x18003531) NetType/WIFI Language/zh_CN`,
    ],
    [
      'WeChat on an iPad',
      'Mozilla/5.0 (iPad; CPU OS 13_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/7.0.10(0x17000a21) NetType/WIFI Language/zh_CN',
    ],
    [
      'an old WeChat on an iPhone',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) Mobile/9B206 MicroMessenger/5.0',
    ],
    [
      'WeChat on Android',
      `${ANDROID} Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 MMWEBID/6435 MicroMessenger/8.0.49.2600(0x2800313D) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64`,
    ],
    [
      'WeChat on an Android tablet',
      `${ANDROID} Chrome/142.0.7444.172 Safari/537.36 XWEB/1420045 MMWEBSDK/20250201 MMWEBID/5714 MicroMessenger/8.0.57.2820(0x28003956) WeChat/arm64 Weixin Android Tablet NetType/WIFI Language/zh_CN ABI/arm64`,
    ],
    [
      'an old WeChat on Android, with its X5 engine',
      'Mozilla/5.0 (Linux; U; Android 4.4.2; zh-cn; HM NOTE 1LTETD Build/KVT49L) AppleWebKit/533.1 (KHTML, like Gecko)Version/4.0 MQQBrowser/5.4 TBS/025410 Mobile Safari/533.1 MicroMessenger/6.1.0.66_r1062275.542 NetType/cmnet',
    ],
    [
      'WeChat on a HarmonyOS 4 phone',
      'Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00 Build/HUAWEINOH-AN00; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240301 MicroMessenger/8.0.48.2580(0x28003036) WeChat/arm64 Weixin NetType/4G Language/zh_CN ABI/arm64',
    ],
    [
      'WeChat on a phone without Android, as far as its parts are documented',
      `Mozilla/5.0 (Phone; OpenHarmony 5.0) ${HARMONY} Mobile MicroMessenger/8.0.6 Weixin NetType/WIFI Language/zh_CN`,
    ],
    [
      'WeChat on a phone called CUBOT',
      'Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50 Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MicroMessenger/8.0.49.2600(0x2800313D) WeChat/arm64 Weixin NetType/WIFI Language/de',
    ],
    [
      'the simulator of the developer tools',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 11_0 like Mac OS X) AppleWebKit/604.1.38 (KHTML, like Gecko) Version/11.0 Mobile/15A372 Safari/604.1 wechatdevtools/1.03.2011120 MicroMessenger/7.0.4 Language/zh_CN webview/',
    ],
    [
      'the second fetch of a callback, which looks like the first',
      `${IPHONE} Mobile/15E148 MicroMessenger/8.0.53(0x18003531) NetType/4G Language/en`,
    ],
  ],
  'wechat-desktop': [
    [
      'WeChat 3 on Windows',
      `${WINDOWS} Chrome/107.0.0.0 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090819) XWEB/8531 Flue`,
    ],
    [
      'WeChat 4 on Windows',
      `${WINDOWS} Chrome/132.0.0.0 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13) UnifiedPCWindowsWechat(0xf2541a35) XWEB/19977 Flue`,
    ],
    [
      'WeChat of 2017 on Windows',
      'Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/39.0.2171.95 Safari/537.36 MicroMessenger/6.5.2.501 NetType/WIFI WindowsWechat',
    ],
    [
      'WeChat 3 on a Mac',
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) MicroMessenger/6.8.0(0x16080000) MacWechat/3.2.1(0x13020110) NetType/WIFI WindowsWechat',
    ],
    [
      'WeChat 4 on a Mac',
      `${MAC} Chrome/132.0.0.0 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) MacWechat/3.8.7(0x13080712) UnifiedPCMacWechat(0xf26411f0) XWEB/16512 Flue`,
    ],
    [
      'WeChat 4 on Linux',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13) UnifiedPCLinuxWechat(0xf2741108) XWEB/14978',
    ],
  ],
  'mini-program': [
    [
      'a web view on an iPhone',
      `${IPHONE} Mobile/15E148 MicroMessenger/8.0.62(0x18003e33) NetType/4G Language/zh_CN miniProgram/wx0132aa93a8b214ae`,
    ],
    [
      'a web view of an older WeChat',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 11_2 like Mac OS X) AppleWebKit/604.4.7 (KHTML, like Gecko) Mobile/15C114 MicroMessenger/6.6.1 NetType/WIFI Language/zh_CN miniProgram',
    ],
    [
      'a web view on Android',
      `${ANDROID} Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20250503 MMWEBID/6435 MicroMessenger/8.0.61.2861(0x28003D41) WeChat/arm64 Weixin GPVersion/1 NetType/WIFI Language/zh_CN ABI/arm64 miniProgram/wx0132aa93a8b214ae`,
    ],
    [
      'a web view on Windows',
      `${WINDOWS} Chrome/132.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Windows WindowsWechat/WMPF WindowsWechat(0x63090a13) UnifiedPCWindowsWechat(0xf254160a) XWEB/18055`,
    ],
    [
      'a web view on a Mac',
      `${MAC} Chrome/132.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Mac MacWechat/WMPF MacWechat/3.8.7(0x13080712) UnifiedPCMacWechat(0xf2641702) XWEB/18788 miniProgram/wxf13a8dee385f2258`,
    ],
    [
      'a web view of an older WeChat on a Mac, which calls itself an iPhone',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 11_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E217 MicroMessenger/6.8.0(0x16080000) NetType/WIFI Language/en Branch/Br_trunk MiniProgramEnv/Mac',
    ],
  ],
  wecom: [
    [
      'WeCom on an iPhone',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)  Mobile/15E148 wxwork/4.1.30 MicroMessenger/7.0.1 Language/zh ColorScheme/Light wwmver/3.26.13.714',
    ],
    [
      'WeCom on Android',
      'Mozilla/5.0 (Linux; Android 15; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.86 Mobile Safari/537.36 wxwork/4.1.36 MicroMessenger/7.0.1 NetType/4G Language/zh Lang/zh ColorScheme/Dark wwmver/3.26.36.632',
    ],
    [
      'WeCom on Windows',
      'Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.5304.110 Safari/537.36 Language/zh wxwork/4.1.10 (MicroMessenger/6.2) WindowsWechat  MailPlugin_Electron WeMail embeddisk',
    ],
  ],
  'mobile-browser': [
    ['Safari on an iPhone', `${IPHONE} Version/18.1 Mobile/15E148 Safari/604.1`],
    [
      'Chrome on Android',
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    ],
    [
      'Chrome on a CUBOT',
      'Mozilla/5.0 (Linux; Android 8.0.0; CUBOT_P20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.110 Mobile Safari/537.36',
    ],
    [
      'Chrome on an M bot',
      'Mozilla/5.0 (Linux; Android 7.0; M bot 60 Build/NRD90M; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/67.0.3396.87 Mobile Safari/537.36',
    ],
    [
      'UC Browser',
      'Mozilla/5.0 (Linux; U; Android 12; zh-CN; M2012K11AC Build/SKQ1.211006.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/78.0.3904.108 UCBrowser/15.4.8.1228 Mobile Safari/537.36',
    ],
    ['QQ', `${IPHONE} Mobile/15E148 QQ/8.9.50.635 V1_IPH_SQ_8.9.50_1_APP_A Pixel/1170 NetType/WIFI`],
    ['QQ Browser', `${ANDROID} Chrome/98.0.4758.102 MQQBrowser/13.6 Mobile Safari/537.36 COVC/046317`],
    [
      'Alipay',
      `${IPHONE} Mobile/22G100 ChannelId(17) Ariver/1.1.0 AliApp(AP/10.8.30.6000) Nebula WK RVKType(0) AlipayDefined(nt:WIFI,ws:390|780|3.0,ac:ss) AlipayClient/10.8.30.6000 Language/zh-Hans Region/CN NebulaX/1.0.0 XRiver/10.2.58.1`,
    ],
    [
      'DingTalk',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 12_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/16B92 AliApp(DingTalk/4.5.18) com.laiwang.DingTalk/10640366 Channel/201200 language/zh-Hans-CN',
    ],
    [
      'Douyin',
      `${ANDROID} Chrome/107.0.5304.105 Mobile Safari/537.36 aweme_230400 JsSdk/1.0 NetType/WIFI Channel/xiaomi AppName/aweme app_version/23.4.0 ByteLocale/zh-CN Region/CN`,
    ],
    ['Weibo', `${IPHONE} Mobile/15E148 Weibo (iPhone15,3__weibo__14.2.0__iphone__os18.1)`],
    [
      'the browser of HarmonyOS without Android',
      `Mozilla/5.0 (Phone; OpenHarmony 5.0) ${HARMONY} Mobile HuaweiBrowser/5.1.9.301`,
    ],
    [
      'a HarmonyOS tablet, which does not say Mobile',
      `Mozilla/5.0 (Tablet; OpenHarmony 6.1) ${HARMONY} HuaweiBrowser/6.1.5.300`,
    ],
    [
      'WeChat on Windows Phone, which does not say so',
      'Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; NOKIA; Lumia 1520)',
    ],
  ],
  'desktop-browser': [
    ['Chrome on Windows', `${WINDOWS} Chrome/140.0.0.0 Safari/537.36`],
    ['Edge on Windows', `${WINDOWS} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`],
    [
      'Safari on a Mac',
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
    ],
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0'],
    [
      'a HarmonyOS PC',
      `Mozilla/5.0 (PC; OpenHarmony 6.1; Windows NT 10.0) ${HARMONY} HuaweiBrowser/6.1.7.302`,
    ],
    [
      'WeChat on Windows 7 before it had an engine of its own',
      'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; WOW64; Trident/7.0; SLCC2; .NET CLR 2.0.50727)',
    ],
    ['curl', 'curl/8.7.1'],
    ['nothing at all', ''],
  ],
  crawler: [
    ['Baidu', 'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)'],
    [
      'Baidu as a phone',
      `${IPHONE} Version/9.0 Mobile/13B143 Safari/601.1 (compatible; Baiduspider-render/2.0; +http://www.baidu.com/search/spider.html)`,
    ],
    ['Sogou', 'Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)'],
    ['360', `${WINDOWS} Chrome/69.0.3497.92 Safari/537.36; 360Spider`],
    [
      'ByteDance',
      'Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)',
    ],
    [
      'Bing',
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36',
    ],
    [
      'Google as a phone',
      'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.179 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    ],
    ['Google’s inspection tool', 'Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)'],
    ['Google for advertisements', 'Mediapartners-Google'],
    ['Huawei', 'Mozilla/5.0 (compatible;PetalBot;+https://webmaster.petalsearch.com/site/petalbot)'],
    ['Yahoo', 'Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)'],
    ['Facebook', 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)'],
    [
      'OpenAI',
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.1; +https://openai.com/gptbot',
    ],
    ['a link preview', 'SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com'],
    [
      'a crawler that says it is in WeChat',
      `${IPHONE} Mobile/15E148 MicroMessenger/8.0.53 (compatible; SomeSpider/1.0)`,
    ],
  ],
  // Nothing sends this: it is what a login without a page is called.
  'native-app': [],
};

const TABLE = Object.entries(AGENTS).flatMap(([kind, agents]) =>
  agents.map(([what, agent]): [string, string, string] => [what, kind, agent]),
);

describe('A user agent', () => {
  it.each(TABLE)('of %s is a %s', (_what, kind, agent) => {
    expect(detectClient(agent)).toBe(kind);
    expect(detectClient(agent.toUpperCase())).toBe(kind);
  });

  it('that is missing is a desktop browser: the way that asks for nothing', () => {
    expect(detectClient(undefined)).toBe('desktop-browser');
  });

  it.each([
    ['words that nearly match', 'micromessenge '],
    ['letters before "bot"', 'cubo m bo '],
    ['one letter', 'b'],
    ['blanks', ' '],
    ['brackets', '(pc'],
  ])('of a megabyte of %s costs next to nothing', (_what, part) => {
    const agent = part.repeat(1_048_576 / part.length);
    const started = process.hrtime.bigint();
    for (let round = 0; round < 20; round++) detectClient(agent);
    // Not a measurement: a pattern that backtracks would take minutes for one of them.
    expect(Number(process.hrtime.bigint() - started) / 1e6 / 20).toBeLessThan(10);
  });

  it('counts by its beginning only', () => {
    expect(detectClient(`${'x'.repeat(1_024)} MicroMessenger`)).toBe('desktop-browser');
    const last = 1_024 - 'MicroMessenger'.length;
    expect(detectClient(`${'x'.repeat(last)}MicroMessenger`)).toBe('wechat-desktop');
    expect(detectClient(`${'x'.repeat(last + 1)}MicroMessenger`)).toBe('desktop-browser');
  });
});
