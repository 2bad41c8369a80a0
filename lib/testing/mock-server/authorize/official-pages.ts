// /connect/oauth2/authorize, the page inside WeChat: who is asked what, and where the browser goes
// then.
import { type AuthorizeLink, judgeOfficialLink } from './authorize-links.js';
import { refusalAddress, stepTo, withCode } from './ways-on.js';
import { type MockAnswer, type MockRequest, redirect } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { choosePhonePage, consentPage, refusedPage, snapshotPage } from '../pages/consent-page.js';
import type { FormTarget } from '../pages/parts.js';
import { phoneCookie, phoneOwner, readPress, readVisit } from './visits.js';

/** `GET /connect/oauth2/authorize` */
export function officialAuthorize(request: MockRequest, world: MockWorld): MockAnswer {
  const link = judgeOfficialLink(request, world);
  const { user: named, answer, fromChat } = readVisit(request, world);
  const user = named ?? phoneOwner(request, world);
  if (!user) return choosePhonePage(world.users.list(), formOf(request), link.scope === 'snsapi_base');
  if (isSilent(link, user, fromChat, request, world)) return withCode(link, user, world);
  if (meetsSnapshot(request, user)) {
    // A snapshot page asks for nothing, so there is nothing to refuse.
    return answer === undefined
      ? snapshotPage(link.app, user, formOf(request))
      : withCode(link, user, world, true);
  }
  if (answer === 'allow') return allowed(link, user, world);
  if (answer === 'refuse') {
    const back = refusalAddress(link, world);
    return back === undefined ? refusedPage(formOf(request), user.id) : redirect(back);
  }
  return consentPage(link.app, user, formOf(request));
}

/** `POST /mock/authorize` with the query of the link: a button was pressed on one of its pages. */
export function officialButton(request: MockRequest, world: MockWorld): MockAnswer {
  const link = judgeOfficialLink(request, world);
  const { user, answer, full, fromChat } = readPress(request, world);
  if (answer === 'switch') return reopen(request, undefined);
  if (answer === undefined || answer === 'again') return reopen(request, user.id);
  if (isSilent(link, user, fromChat, request, world)) return withCode(link, user, world);
  if (meetsSnapshot(request, user) && !full && answer !== 'full') return withCode(link, user, world, true);
  if (answer === 'allow') return allowed(link, user, world);
  if (answer === 'refuse') {
    return redirect(refusalAddress(link, world) ?? stepTo('authorize', user, 'refused', request));
  }
  return redirect(stepTo('authorize', user, 'full', request));
}

/** `GET /mock/authorize/<user>/full` (asked after 使用完整服务) and `…/refused`. */
export function officialStep(
  request: MockRequest,
  world: MockWorld,
  user: MockUser,
  step: string,
): MockAnswer {
  const { app } = judgeOfficialLink(request, world);
  if (step === 'refused') return refusedPage(formOf(request), user.id);
  return consentPage(app, user, formOf(request), { full: '1' });
}

function formOf(request: MockRequest): FormTarget {
  return { action: `/mock/authorize?${request.rawQuery}` };
}

/**
 * 网页授权: `snsapi_base` is always silent, and `snsapi_userinfo` is for a follower who comes from the
 * chat or menu, where `forcePopup` changes nothing. What is silent cannot be refused, and gives no
 * virtual user.
 */
function isSilent(
  link: AuthorizeLink,
  user: MockUser,
  fromChat: boolean,
  request: MockRequest,
  world: MockWorld,
): boolean {
  if (link.scope === 'snsapi_base' || (user.follower && fromChat)) return true;
  const allowedBefore = world.consents.has(`${link.app.appId} ${user.id}`);
  return world.unsure.silentAfterConsent && allowedBefore && request.query.get('forcePopup') !== 'true';
}

function meetsSnapshot(request: MockRequest, user: MockUser): boolean {
  return user.snapshot || request.query.get('forceSnapShot') === 'true';
}

function allowed(link: AuthorizeLink, user: MockUser, world: MockWorld): MockAnswer {
  world.consents.add(`${link.app.appId} ${user.id}`);
  return withCode(link, user, world);
}

/** Opens the link again as this person. */
function reopen(request: MockRequest, userId: string | undefined): MockAnswer {
  return redirect(`/connect/oauth2/authorize?${request.rawQuery}`, { 'Set-Cookie': phoneCookie(userId) });
}
