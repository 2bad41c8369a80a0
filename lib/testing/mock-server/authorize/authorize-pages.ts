// /connect/oauth2/authorize and /connect/qrconnect: who is asked what, and where the browser goes
// then.
import { type AuthorizeLink, judgeOfficialLink, judgeQrLink, returnAddress } from './authorize-links.js';
import { CODE_LIFE } from '../grants/codes.js';
import { type MockAnswer, type MockRequest, redirect } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { choosePhonePage, consentPage, refusedPage, snapshotPage } from '../pages/consent-page.js';
import type { FormTarget } from '../pages/parts.js';
import { phoneConfirmPage, qrPage } from '../pages/qr-page.js';
import { phoneCookie, phoneOwner, readVisit } from './visits.js';

/**
 * `GET /connect/oauth2/authorize`; `POST /mock/authorize` with the same query when a button was
 * pressed.
 */
export function officialAuthorize(request: MockRequest, world: MockWorld): MockAnswer {
  const link = judgeOfficialLink(request, world);
  const visit = readVisit(request, world);
  const pressed = request.method === 'POST' ? (visit.answer ?? 'chosen') : undefined;
  if (pressed === 'switch') return reopen(request, undefined);
  if (pressed === 'chosen' || pressed === 'again') return reopen(request, visit.user!.id);

  const form: FormTarget = { action: `/mock/authorize?${request.rawQuery}` };
  const user = visit.user ?? phoneOwner(request, world);
  if (!user) return choosePhonePage(world.users.list(), form);
  if (isSilent(link, user, visit.fromChat, request, world)) return withCode(link, user, world);

  const wantsFull = pressed === 'full' || new URLSearchParams(request.body).has('full');
  if ((user.snapshot || request.query.get('forceSnapShot') === 'true') && !wantsFull) {
    // A snapshot page asks for nothing, so there is nothing to refuse.
    return visit.answer === undefined
      ? snapshotPage(link.app, user, form)
      : withCode(link, user, world, true);
  }
  if (visit.answer === 'allow') {
    world.consents.add(`${link.app.appId} ${user.id}`);
    return withCode(link, user, world);
  }
  if (visit.answer === 'refuse') return refused(link, world, form, user);
  return consentPage(link.app, user, form, wantsFull ? { full: '1' } : {});
}

/**
 * `GET /connect/qrconnect`; `POST /mock/qrconnect` when a phone was picked or a button pressed on
 * it.
 */
export function qrConnect(request: MockRequest, world: MockWorld): MockAnswer {
  const link = judgeQrLink(request, world);
  const { query } = request;
  const lang = query.get('lang') === 'en' ? 'en' : 'cn';
  // wxLogin.js: the iframe leads the whole window back to the application unless self_redirect says
  // otherwise.
  const leavesFrame = query.get('login_type') === 'jssdk' && query.get('self_redirect') !== 'true';
  const form: FormTarget = { action: `/mock/qrconnect?${request.rawQuery}`, leavesFrame };
  const { user, answer } = readVisit(request, world);
  if (!user) return qrPage(link.app, world.users.list(), form, lang);
  if (answer === 'allow') return withCode(link, user, world);
  if (answer === 'refuse') return refused(link, world, form, user);
  return phoneConfirmPage(link.app, user, form, lang);
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

function withCode(link: AuthorizeLink, user: MockUser, world: MockWorld, snapshot = false): MockAnswer {
  const { app, scope } = link;
  const grant = { appId: app.appId, userId: user.id, scope, snapshot };
  return redirect(returnAddress(link, world.codes.issue(grant, CODE_LIFE[app.type])));
}

function refused(link: AuthorizeLink, world: MockWorld, form: FormTarget, user: MockUser): MockAnswer {
  if (world.unsure.refusalRedirects) return redirect(returnAddress(link, undefined));
  return refusedPage(form, user.id);
}

/** Opens the link again as this person, by GET, so that reloading the page repeats nothing. */
function reopen(request: MockRequest, userId: string | undefined): MockAnswer {
  return redirect(`/connect/oauth2/authorize?${request.rawQuery}`, { 'Set-Cookie': phoneCookie(userId) });
}
