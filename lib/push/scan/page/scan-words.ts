// What the page of a scan says, in two languages.

/** For one language. */
export interface ScanWords {
  readonly title: string;
  readonly scan: string;
  readonly scanNote: (host: string) => string;
  readonly picture: string;
  readonly digits: string;
  readonly digitsNote: string;
  readonly field: string;
  readonly send: string;
  readonly wrong: (left: number) => string;
  readonly early: string;
  readonly phone: string;
  readonly phoneNote: string;
  readonly agreed: string;
  readonly agreedNote: string;
  readonly goOn: string;
  readonly over: string;
  readonly overNote: string;
  readonly void: string;
  readonly voidNote: string;
  readonly again: string;
  readonly finished: string;
}

export const SCAN_WORDS: Readonly<Record<'zh' | 'en', ScanWords>> = {
  zh: {
    title: '微信扫码登录',
    scan: '微信扫码登录',
    scanNote: (host) => `请用手机微信扫描二维码，关注公众号后登录 ${host}`,
    picture: '登录二维码，请用手机微信扫描',
    digits: '已扫码，请看手机',
    digitsNote: '公众号给你发了 6 位数字，请在这里输入。',
    field: '6 位数字',
    send: '登录',
    wrong: (left) => `数字不对，还可以再试 ${left} 次。`,
    early: '还没有人扫描这个二维码。',
    phone: '已扫码，请看手机',
    phoneNote: '请在公众号的消息里查看登录请求，并在手机上同意。',
    agreed: '正在登录…',
    agreedNote: '如果页面没有自动跳转，请点“继续”。',
    goOn: '继续',
    over: '二维码已过期',
    overNote: '超过时间没有完成登录，请刷新二维码后再扫。',
    void: '二维码已作废',
    voidNote: '它被两个微信扫过、被拒绝，或数字错了三次。没有人登录，请换一个二维码重新开始。',
    again: '刷新二维码',
    finished: '登录完成',
  },
  en: {
    title: 'Sign in with WeChat',
    scan: 'Sign in with WeChat',
    scanNote: (host) =>
      `Scan the code with WeChat on your phone and follow the account to sign in at ${host}`,
    picture: 'QR code to sign in, scan it with WeChat on your phone',
    digits: 'Scanned. Look at your phone',
    digitsNote: 'The account has sent you six digits. Type them here.',
    field: 'Six digits',
    send: 'Sign in',
    wrong: (left) => `These are not the digits. ${left === 1 ? 'One try' : `${left} tries`} left.`,
    early: 'Nobody has scanned this code yet.',
    phone: 'Scanned. Look at your phone',
    phoneNote: 'Open the request in the message of the account, and allow it on your phone.',
    agreed: 'Signing you in…',
    agreedNote: 'If this page does not go on by itself, press "Go on".',
    goOn: 'Go on',
    over: 'This code is over',
    overNote: 'Nobody finished signing in in time. Ask for a new code and scan that.',
    void: 'This code is void',
    voidNote:
      'Two people scanned it, it was refused, or the digits were wrong three times. Nobody is signed in. Start again with a new code.',
    again: 'New code',
    finished: 'You are signed in',
  },
};
