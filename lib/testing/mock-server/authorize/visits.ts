// Who is in front of an authorize page and what this person says: by a button, a request header,
// autoConsent, or a phone known by cookie.
import { headerOf, type MockRequest } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { PageFailure } from '../pages/error-page.js';

/**
 * Whose phone this browser is. Cookies ignore ports: a second mock on the same host asks again only
 * when it does not know the person.
 */
const PHONE_COOKIE = 'wechat_mock_phone';

/** Who opens an authorize link, and what they say at once. */
export interface Visit {
  readonly user?: MockUser;
  /** `allow` or `refuse`. Undefined: nothing was said yet. */
  readonly answer?: string;
  /** From the official account's chat or menu. */
  readonly fromChat: boolean;
}

/** Who pressed which button. */
export interface Press {
  readonly user: MockUser;
  /**
   * `allow`, `refuse`, `snapshot`, `full`, `again`, `switch`. Undefined: the person was picked.
   */
  readonly answer?: string;
  /** On the page that follows 使用完整服务. */
  readonly full: boolean;
  /** From the official account's chat or menu. */
  readonly fromChat: boolean;
}

/** @throws PageFailure for a user that does not exist */
export function readPress(request: MockRequest, world: MockWorld): Press {
  const form = new URLSearchParams(request.body);
  return {
    user: known(world, form.get('user')),
    answer: form.get('answer') ?? undefined,
    full: form.has('full'),
    fromChat: isFromChat(request),
  };
}

/**
 * Headers a test's HTTP client may send to say who is there: `x-wechat-mock-user: hong`,
 * `x-wechat-mock-answer: refuse` (default: allow), `x-wechat-mock-from: chat`.
 * @throws PageFailure for a user that does not exist
 */
export function readVisit(request: MockRequest, world: MockWorld): Visit {
  const fromChat = isFromChat(request);
  const named = headerOf(request, 'x-wechat-mock-user');
  if (named) {
    return {
      user: known(world, named),
      answer: headerOf(request, 'x-wechat-mock-answer') || 'allow',
      fromChat,
    };
  }
  const consent = world.autoConsent;
  if (consent) {
    return { user: known(world, consent.user), answer: consent.allow ? 'allow' : 'refuse', fromChat };
  }
  return { fromChat };
}

/** Whose phone this browser is. */
export function phoneOwner(request: MockRequest, world: MockWorld): MockUser | undefined {
  const pairs = headerOf(request, 'cookie').split(/; */);
  const pair = pairs.find((candidate) => candidate.startsWith(`${PHONE_COOKIE}=`));
  return pair === undefined ? undefined : world.users.find(pair.slice(PHONE_COOKIE.length + 1));
}

/** Makes this browser a person's phone; without one, nobody's. */
export function phoneCookie(userId: string | undefined): string {
  return `${PHONE_COOKIE}=${userId ?? ''}; Path=/; HttpOnly; SameSite=Lax${userId === undefined ? '; Max-Age=0' : ''}`;
}

function isFromChat(request: MockRequest): boolean {
  return headerOf(request, 'x-wechat-mock-from') === 'chat';
}

/** @throws PageFailure */
export function known(world: MockWorld, id: string | null): MockUser {
  const user = world.users.find(id ?? '');
  if (!user) throw new PageFailure('没有这个测试用户', `收到的用户是 ${JSON.stringify(id)}。`);
  return user;
}
