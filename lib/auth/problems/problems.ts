// What can go wrong for a person who signs in: stable codes, statuses, and words in Chinese and
// English.
import {
  BadGatewayException,
  BadRequestException,
  ForbiddenException,
  HttpException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { toHttpStatus } from '../../errors/http-status.js';
import { kindOf } from './login-error.js';
import type { WechatProblem, WechatProblemCode } from '../../model/problem.js';

interface Words {
  readonly status: 400 | 401 | 403 | 429 | 502 | 503;
  readonly title: { zh: string; en: string };
  readonly text: { zh: string; en: string };
}

export const PROBLEMS: Readonly<Record<WechatProblemCode, Words>> = {
  WECHAT_LOGIN_REQUIRED: {
    status: 401,
    title: { zh: '请先登录', en: 'Please sign in' },
    text: { zh: '请先使用微信登录。', en: 'Sign in with WeChat first.' },
  },
  WECHAT_SCOPE_REQUIRED: {
    status: 403,
    title: { zh: '需要更多授权', en: 'More permission is needed' },
    text: {
      zh: '此页面需要你的微信昵称和头像，请同意授权后再试。',
      en: 'This page needs your WeChat name and picture. Please allow it and try again.',
    },
  },
  OPEN_IN_WECHAT: {
    status: 403,
    title: { zh: '请在微信中打开', en: 'Open this page in WeChat' },
    text: {
      zh: '请复制本页链接，发送到微信聊天中，再点击打开。',
      en: 'Copy the link of this page, send it to a chat in WeChat and open it there.',
    },
  },
  OPEN_IN_BROWSER: {
    status: 403,
    title: { zh: '请在电脑浏览器中打开', en: 'Open this page in a browser on a computer' },
    text: {
      zh: '此页面需用微信扫码登录，请复制本页链接，在电脑浏览器中打开。',
      en: 'Signing in here takes scanning a code with WeChat. Copy the link of this page and open it in a browser on a computer.',
    },
  },
  SNAPSHOT_USER: {
    status: 403,
    title: { zh: '请使用完整服务', en: 'Use the full service' },
    text: {
      zh: '你正在浏览网页快照，请点击页面右下角的“使用完整服务”后再登录。',
      en: 'You are looking at a snapshot. Tap "使用完整服务" (use the full service) at the bottom right, then sign in.',
    },
  },
  LOGIN_REFUSED: {
    status: 403,
    title: { zh: '未获授权', en: 'Permission was not given' },
    // Somebody who refused to grant more may well be signed in still.
    text: {
      zh: '你没有同意授权，此页面无法继续。',
      en: 'You did not give permission. This page cannot go on without it.',
    },
  },
  LOGIN_FAILED: {
    status: 502,
    title: { zh: '登录失败', en: 'Sign-in failed' },
    text: {
      zh: '暂时无法完成微信登录，请稍后再试。',
      en: 'Signing in with WeChat did not work just now. Please try again.',
    },
  },
  COOKIES_REQUIRED: {
    status: 400,
    title: { zh: '请允许使用 Cookie', en: 'Cookies are needed' },
    text: {
      zh: '浏览器没有保存登录所需的 Cookie。请允许本站使用 Cookie，或退出无痕模式后再试。',
      en: 'The browser did not keep the cookie that signing in needs. Allow cookies for this site, or leave private mode, and try again.',
    },
  },
  BAD_LOGIN_REQUEST: {
    status: 400,
    title: { zh: '链接有误', en: 'Something is wrong with this link' },
    text: {
      zh: '登录链接的参数不正确，请返回后重新登录。',
      en: 'The parameters of this sign-in link are wrong. Go back and sign in again.',
    },
  },
  // To a browser that fetches ahead: it drops the answer and asks again when the person goes there.
  PREFETCH_REFUSED: {
    status: 503,
    title: { zh: '请打开此页面', en: 'Open this page' },
    text: {
      zh: '此页面需要登录，无法预先加载。',
      en: 'This page needs a sign-in and cannot be loaded ahead.',
    },
  },
  // The cookies are gone; copies of the session elsewhere are not ended.
  LOGOUT_INCOMPLETE: {
    status: 503,
    title: { zh: '未能完全退出', en: 'Signing out is not complete' },
    text: {
      zh: '本浏览器已退出登录，但暂时无法结束其他地方的同一登录。如有需要，请稍后重新登录并再次退出。',
      en: 'You are signed out in this browser. Copies of this sign-in elsewhere could not be ended just now.',
    },
  },
  TOO_MANY_CODES: {
    status: 429,
    title: { zh: '请稍后再试', en: 'Please try again later' },
    text: {
      zh: '短时间内生成的二维码过多，请几分钟后再试，或在微信中打开本页登录。',
      en: 'Too many QR codes were asked for. Try again in a few minutes, or open this page in WeChat to sign in.',
    },
  },
  STORE_UNAVAILABLE: {
    status: 503,
    title: { zh: '暂时无法确认登录状态', en: 'Your sign-in cannot be checked' },
    text: {
      zh: '暂时无法确认你的登录状态，请稍后再试。',
      en: 'Your sign-in cannot be checked just now. Please try again in a moment.',
    },
  },
};

/**
 * Instead of the words for `LOGIN_REFUSED` where it was not the person who said no: the login
 * handler, without words of its own, or WeChat.
 */
export const NOT_ADMITTED = {
  title: { zh: '未能登录', en: 'Sign-in was refused' },
  text: { zh: '此账号无法登录。', en: 'This account cannot sign in here.' },
};

/** What a problem may say besides its code. */
export type ProblemDetails = Pick<
  WechatProblem,
  'loginUrl' | 'app' | 'scope' | 'reason' | 'client' | 'pageUrl' | 'retryUrl' | 'homeUrl'
> & {
  message?: string;
  /** Where one stands in the log already. */
  ref?: string;
  /** In place of the one that goes with the code. */
  statusCode?: Words['status'];
};

/** The public body of a refusal. */
export function makeProblem(
  code: WechatProblemCode,
  lang: 'zh' | 'en',
  ref: string,
  details: ProblemDetails = {},
): WechatProblem {
  const { message = wordsOf(code, details).text[lang], ...rest } = details;
  return { statusCode: PROBLEMS[code].status, code, message, ...rest, ref };
}

/**
 * Whose fault it is that a login failed: a code or a state that is no good is the visitor's (401),
 * too much to do is this side's (503), the rest is behind us.
 */
export function statusOf(error: unknown): Pick<ProblemDetails, 'statusCode'> {
  if (kindOf(error) === 'code') return { statusCode: 401 };
  return toHttpStatus(error) === 503 ? { statusCode: 503 } : {};
}

/** The heading of its page. */
export function titleOf(problem: WechatProblem, lang: 'zh' | 'en'): string {
  return wordsOf(problem.code, problem).title[lang];
}

function wordsOf(
  code: WechatProblemCode,
  { reason }: Pick<ProblemDetails, 'reason'>,
): Pick<Words, 'title' | 'text'> {
  return code === 'LOGIN_REFUSED' && reason !== undefined ? NOT_ADMITTED : PROBLEMS[code];
}

const EXCEPTIONS = {
  400: BadRequestException,
  401: UnauthorizedException,
  403: ForbiddenException,
  502: BadGatewayException,
  503: ServiceUnavailableException,
} as const;

/** Nest has no exception of its own for 429. */
const exceptionOf = (status: Words['status'], body: object): HttpException =>
  status === 429 ? new HttpException(body, status) : new EXCEPTIONS[status](body);

/**
 * An ordinary Nest exception, so that the application's filters shape it as they shape their own.
 */
export function problemException(problem: WechatProblem): HttpException {
  const { client: _, pageUrl: __, retryUrl: ___, homeUrl: ____, ...body } = problem;
  return exceptionOf(problem.statusCode as Words['status'], body);
}
