// The words of the desk, in the two languages of the pages.
import type { PageLanguage } from './layout.js';

/** The words of one language. */
export type DeskTexts = (typeof TEXTS)['cn'];

const TEXTS = {
  cn: {
    title: '微信模拟服务器',
    lead: '只用于开发和测试：任何人都能以任何人的身份登录。',
    other: 'English',
    endpoints: '在应用里这样指向它',
    auto: (user: string, allow: boolean) =>
      `autoConsent 已打开：不显示页面，${user} 总是${allow ? '同意' : '拒绝'}。`,
    apps: '应用',
    secret: 'AppSecret',
    ownSecret: '不显示（你自己的）',
    hosts: '登记的域名',
    anyPort: '任意端口',
    codes: '取一个登录 code（wx.login 或 App SDK 给的那种）',
    people: '测试用户',
    snapshot:
      '只在公众号请求 snsapi_userinfo 时才是快照访客；静默登录（snsapi_base）和扫码登录得到普通身份，与微信一致。',
    scans: '公众号的二维码',
    scansNote: '还有效的，新的在前；点开就是用手机扫码',
    noScans: '还没有。应用调用 /cgi-bin/qrcode/create 之后会出现在这里。',
    forEver: '永久',
    lives: (seconds: number) => `剩 ${seconds} 秒`,
    calls: '最近的请求',
    callCount: (shown: number, all: number) => `${shown} / ${all}，新的在前；code、token 已截短`,
    noCalls: '还没有请求。从应用登录一次，就会出现在这里。',
    noAnswer: '未回答',
    faults: '故障',
    faultsNote: '按注入的顺序生效',
    waiting: '等待生效',
    clear: '全部清除',
    every: '所有接口',
    fault: '故障',
    delay: '延迟（毫秒）',
    times: '次数',
    always: '一直有效，直到清除',
    inject: '注入',
    left: (times: number) => (times === Infinity ? '直到清除' : `还有 ${times} 次`),
    more: (count: number) => `还有 ${count} 个没有列出`,
    refused: '没有执行',
    back: '返回首页',
  },
  en: {
    title: 'WeChat mock server',
    lead: 'For development and tests only: anybody can sign in as anybody.',
    other: '中文',
    endpoints: 'Point your application to it',
    auto: (user: string, allow: boolean) =>
      `autoConsent is on: no page is shown, ${user} always ${allow ? 'allows' : 'refuses'}.`,
    apps: 'Apps',
    secret: 'AppSecret',
    ownSecret: 'not shown (your own)',
    hosts: 'registered hosts',
    anyPort: 'any port',
    codes: 'a login code, as wx.login or the app SDK gives it, for',
    people: 'Test users',
    snapshot:
      'A snapshot user only where an official account asks for snsapi_userinfo. A silent login (snsapi_base) and a QR code give an ordinary identity, as at WeChat.',
    scans: 'QR codes of accounts',
    scansNote: 'those that live, newest first; to open one is to scan it with a phone',
    noScans: 'None yet. They appear here when your application calls /cgi-bin/qrcode/create.',
    forEver: 'permanent',
    lives: (seconds: number) => `${seconds} s left`,
    calls: 'Last calls',
    callCount: (shown: number, all: number) =>
      `${shown} of ${all}, newest first; codes and tokens are cut short`,
    noCalls: 'None yet. Sign in from your application, and they appear here.',
    noAnswer: 'no answer',
    faults: 'Faults',
    faultsNote: 'they strike in the order they were injected',
    waiting: 'Waiting to strike',
    clear: 'Clear all',
    every: 'all of them',
    fault: 'Fault',
    delay: 'Delay (ms)',
    times: 'Times',
    always: 'Always, until cleared',
    inject: 'Inject',
    left: (times: number) => (times === Infinity ? 'until cleared' : `${times} more`),
    more: (count: number) => `${count} more are not listed`,
    refused: 'Nothing was done',
    back: 'Back',
  },
};

/** The words of a language. */
export function deskTexts(lang: PageLanguage): DeskTexts {
  return TEXTS[lang];
}
