// /connect/qrconnect, the QR code on a desktop: which phone scans it, what is asked on that phone.
import { type AuthorizeLink, judgeQrLink } from './authorize-links.js';
import { refusalAddress, stepTo, withCode } from './ways-on.js';
import { type MockAnswer, type MockRequest, redirect } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { refusedPage } from '../pages/consent-page.js';
import type { PageLanguage } from '../pages/layout.js';
import type { FormTarget } from '../pages/parts.js';
import { phoneConfirmPage, qrPage } from '../pages/qr-page.js';
import { readPress, readVisit } from './visits.js';

/** `GET /connect/qrconnect` */
export function qrConnect(request: MockRequest, world: MockWorld): MockAnswer {
  const link = judgeQrLink(request, world);
  const { user, answer } = readVisit(request, world);
  if (!user)
    return qrPage(link.app, world.users.list(), formOf(request), langOf(request), isInFrame(request));
  if (answer === 'allow') return withCode(link, user, world);
  if (answer === 'refuse') {
    const back = refusalAddress(link, world);
    return back === undefined ? refusedPage(formOf(request), user.id) : redirect(back);
  }
  return confirmPage(link, user, request);
}

/**
 * `POST /mock/qrconnect` with the query of the link: a phone was picked, or a button pressed on it.
 */
export function qrButton(request: MockRequest, world: MockWorld): MockAnswer {
  const link = judgeQrLink(request, world);
  const { user, answer } = readPress(request, world);
  if (answer === 'allow') return withCode(link, user, world);
  if (answer === 'refuse') {
    return redirect(refusalAddress(link, world) ?? stepTo('qrconnect', user, 'refused', request));
  }
  return redirect(stepTo('qrconnect', user, 'confirm', request));
}

/** `GET /mock/qrconnect/<user>/confirm` (the phone that scanned) and `…/refused`. */
export function qrStep(request: MockRequest, world: MockWorld, user: MockUser, step: string): MockAnswer {
  const link = judgeQrLink(request, world);
  if (step === 'refused') return refusedPage(formOf(request), user.id);
  return confirmPage(link, user, request);
}

function confirmPage({ app }: AuthorizeLink, user: MockUser, request: MockRequest): MockAnswer {
  return phoneConfirmPage(app, user, formOf(request), langOf(request), isInFrame(request));
}

function formOf({ query, rawQuery }: MockRequest): FormTarget {
  // wxLogin.js: the iframe leads the whole window back to the application unless self_redirect says
  // otherwise.
  const leavesFrame = isInFrame({ query }) && query.get('self_redirect') !== 'true';
  return { action: `/mock/qrconnect?${rawQuery}`, leavesFrame };
}

function isInFrame({ query }: Pick<MockRequest, 'query'>): boolean {
  return query.get('login_type') === 'jssdk';
}

function langOf({ query }: MockRequest): PageLanguage {
  return query.get('lang') === 'en' ? 'en' : 'cn';
}
