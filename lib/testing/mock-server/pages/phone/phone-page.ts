// What a QR code of an account leads to: which of the people here holds the phone that scanned it.
import type { MockAnswer } from '../../http/mock-http.js';
import type { MockApp } from '../../mock-apps.js';
import type { MockUser } from '../../mock-server.types.js';
import { html } from '../html.js';
import { page, type PageLanguage } from '../layout.js';
import { appLine, people } from '../parts.js';
import { phoneTexts } from './phone-texts.js';

const STYLE =
  '.lead,.app+.lead{margin:0;text-align:left}h2{margin:28px 0 0;font-size:17px;font-weight:600}.people{margin-top:14px}';

/** The page of a code that can be scanned. */
export function phonePage(options: {
  app: MockApp;
  users: readonly MockUser[];
  /** Where the form leads. */
  address: string;
  hasPush: boolean;
  lang: PageLanguage;
}): MockAnswer {
  const { app, users, address, hasPush, lang } = options;
  const texts = phoneTexts(lang);
  return page({
    title: app.name,
    testId: 'phone-page',
    lang,
    style: STYLE,
    ownForms: true,
    content: html`${appLine(app)}
      <p class="lead">${texts.lead}</p>
      ${!hasPush && html`<div class="hint" data-testid="no-push">${texts.noPush}</div>`}
      <h2>${texts.pick}</h2>
      <p class="note">${texts.note}</p>
      ${people({ users, form: { action: address }, prefix: 'phone-of', lang })}`,
  });
}

/** Why there is nothing to see, or nothing was done. */
export function phoneRefusalPage(
  status: number,
  words: string,
  home: string,
  lang: PageLanguage,
): MockAnswer {
  const texts = phoneTexts(lang);
  const answer = page({
    title: texts.refused,
    testId: 'phone-refusal',
    lang,
    content: html`<h1>${texts.refused}</h1>
      <p class="lead" data-testid="why">${words}</p>
      <p class="lead"><a href="${home}" data-testid="back">${texts.back}</a></p>`,
  });
  return { ...answer, status };
}
