// Where a browser goes after an answer: back to the application, or on to the next page. A button
// never answers with a page of its own: a browser that goes back to one that was sent by POST shows
// an error (Chromium: ERR_CACHE_MISS).
import { type AuthorizeLink, returnAddress } from './authorize-links.js';
import { CODE_LIFE } from '../grants/codes.js';
import { type MockAnswer, type MockRequest, redirect } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';

/** The two links, as the paths of the mock's own pages name them. */
export type Door = 'authorize' | 'qrconnect';

/** A page that follows a button. */
export interface Step {
  readonly door: Door;
  readonly userId: string;
  readonly name: string;
}

const STEP = /^\/mock\/(authorize|qrconnect)\/([\w-]{1,64})\/(\w+)$/;
const STEPS: Readonly<Record<Door, readonly string[]>> = {
  authorize: ['full', 'refused'],
  qrconnect: ['confirm', 'refused'],
};

/**
 * The address of a page that follows a button. The query stays the link's own, so that the link is
 * judged anew; person and page stand in the path, because the order of the query counts.
 */
export function stepTo(door: Door, user: MockUser, name: string, request: MockRequest): string {
  return `/mock/${door}/${user.id}/${name}?${request.rawQuery}`;
}

/** What `stepTo` has written; undefined for any other path. */
export function readStep(path: string): Step | undefined {
  const [, door, userId, name] = STEP.exec(path) ?? [];
  if (!STEPS[door as Door]?.includes(name!)) return undefined;
  return { door: door as Door, userId: userId!, name: name! };
}

/** Back to the application, signed in. */
export function withCode(
  link: AuthorizeLink,
  user: MockUser,
  world: MockWorld,
  snapshot = false,
): MockAnswer {
  const { app, scope } = link;
  const grant = { appId: app.appId, userId: user.id, scope, snapshot };
  return redirect(returnAddress(link, world.codes.issue(grant, CODE_LIFE[app.type])));
}

/** Where a refusal leads; undefined: nowhere, the person stays on a page of WeChat's. */
export function refusalAddress(link: AuthorizeLink, world: MockWorld): string | undefined {
  return world.unsure.refusalRedirects ? returnAddress(link, undefined) : undefined;
}
