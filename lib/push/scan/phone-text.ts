// What the account writes to whoever scans a code: first the warning, as a friend would give it,
// and only then what to do. In Chinese and English, whatever the browser speaks: a stranger could
// choose the one that the other person cannot read.
import type { Seat } from './scenes/scan-record.js';

/** A login that somebody is asked about. */
export interface AskedLogin {
  readonly seat: Seat;
  /** In ms since 1970. */
  readonly at: number;
  /** The host in full, as it stands in the address bar. */
  readonly host: string;
}

/** Six digits to be typed into the page. */
export function textWithDigits(login: AskedLogin, digits: string): string {
  const { host } = login;
  return [
    warningOf(login),
    `如果不是你本人正坐在这台电脑前，请不要理会，也不要把下面的数字告诉任何人。`,
    `是你本人：请只在你自己打开的 ${host} 页面输入这 6 位数字`,
    digits,
    `Somebody is signing in as you at ${host}. Not you, at that computer? Do nothing, and tell nobody the digits. ` +
      `They are for the page of ${host} that you opened yourself.`,
  ].join('\n');
}

/** A link to a page that asks. @param link https, of our own */
export function textWithLink(login: AskedLogin, link: string): string {
  const { host } = login;
  return [
    warningOf(login),
    '如果不是你本人正坐在这台电脑前，请不要理会。',
    `是你本人：<a href="${link}">查看登录请求 / Look at the request</a>`,
    `Somebody wants to sign in as you at ${host}. Not you, at that computer? Do nothing.`,
  ].join('\n');
}

/**
 * Why a code is of no use: two people scanned it, somebody has signed in by it, or its time is
 * over.
 */
export type OverReason = 'two' | 'used' | 'over';

/** Nobody can sign in by it any more. */
export function textOver(why: OverReason, host: string): string {
  const page = `你自己打开的 ${host} 页面`;
  switch (why) {
    case 'two':
      return (
        `这个二维码被两个微信扫过，已经作废，没有人登录。请回到${page}，换一个新的二维码。\n` +
        `Two people scanned this code, so it is void and nobody is signed in. Start again on the page of ${host} that you opened yourself.`
      );
    case 'used':
      return (
        `这个二维码已经用过了。需要再次登录时，请在${page}换一个新的二维码。\n` +
        `This code has been used. To sign in once more, ask for a new one on the page of ${host} that you opened yourself.`
      );
    case 'over':
      return (
        `这个二维码已失效，没有人登录。需要登录时，请在${page}刷新二维码。\n` +
        `This code is over, and nobody is signed in. To sign in, ask for a new one on the page of ${host} that you opened yourself.`
      );
  }
}

function warningOf({ seat, at, host }: AskedLogin): string {
  const { browser, system, place } = seat;
  const where = [[browser, system].filter(Boolean).join(' · '), beijingTime(at), place].filter(Boolean);
  return `⚠️ 有人想用你的微信登录 ${host}\n${where.join('，')}`;
}

/** The one clock of WeChat's people. */
export function beijingTime(at: number): string {
  const [, date, time] = /^\d+-(\d\d-\d\d)T(\d\d:\d\d)/.exec(new Date(at + 8 * 3_600_000).toISOString())!;
  return `${date} ${time}（北京时间）`;
}
