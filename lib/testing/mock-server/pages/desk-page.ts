// The desk as a page, and the page of what it refuses.
import type { ShownCall } from '../desk/shown-call.js';
import type { WaitingFault } from '../faults/faults.js';
import type { MockAnswer } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { faultForms, waitingFaults } from './desk-faults.js';
import { appList, callList, personList, scanList } from './desk-lists.js';
import { DESK_STYLE } from './desk-style.js';
import { deskTexts } from './desk-texts.js';
import { html } from './html.js';
import { page, type PageLanguage } from './layout.js';

/** What the desk shows. */
export interface DeskView {
  readonly lang: PageLanguage;
  /** Where its forms lead. */
  readonly address: string;
  readonly world: MockWorld;
  readonly faults: readonly WaitingFault[];
  /** Where one may inject a fault. */
  readonly paths: readonly string[];
  readonly calls: readonly ShownCall[];
  readonly callCount: number;
}

/** Everything one may want to know of a mock that runs. */
export function deskPage(view: DeskView): MockAnswer {
  const { lang, address, world, faults, paths, calls, callCount } = view;
  const texts = deskTexts(lang);
  const { autoConsent: auto, origin } = world;
  const [apps, users] = [world.apps.list(), world.users.list()];
  const codes = world.qrCodes.living();
  return page({
    title: texts.title,
    testId: 'desk-page',
    wide: true,
    lang,
    style: DESK_STYLE,
    ownForms: true,
    content: html`<div class="desk">
      <div class="top">
        <h1>${texts.title}</h1>
        <a href="/?lang=${lang === 'en' ? 'cn' : 'en'}">${texts.other}</a>
      </div>
      <p class="lead">${texts.lead}</p>
      ${auto && html`<p class="lead" data-testid="auto-consent">${texts.auto(auto.user, auto.allow)}</p>`}
      <section>
        <h2>${texts.endpoints}</h2>
        <code>endpoints: { open: '${origin}', api: '${origin}' }</code>
      </section>
      <section id="apps">
        <h2>${texts.apps}</h2>
        ${appList(apps, users, texts)}
      </section>
      <section id="people">
        <h2>${texts.people}</h2>
        ${personList(users, lang, texts)}
      </section>
      <section id="scans">
        <h2>${texts.scans}<small>${codes.length > 0 && texts.scansNote}</small></h2>
        ${scanList({ apps, codes, now: world.clock.now(), lang }, texts)}
      </section>
      <section id="calls">
        <h2>${texts.calls}<small>${callCount > 0 && texts.callCount(calls.length, callCount)}</small></h2>
        ${callList(calls, texts)}
      </section>
      <section id="faults">
        <h2>${texts.faults}<small>${texts.faultsNote}</small></h2>
        ${waitingFaults(faults, address, texts)} ${faultForms({ paths, address, lang, texts })}
      </section>
    </div>`,
  });
}

/** Why nothing was done. */
export function deskRefusalPage(
  status: number,
  words: string,
  address: string,
  lang: PageLanguage,
): MockAnswer {
  const texts = deskTexts(lang);
  const answer = page({
    title: texts.refused,
    testId: 'desk-refusal',
    lang,
    style: DESK_STYLE,
    ownForms: true,
    content: html`<div class="desk">
      <h1>${texts.refused}</h1>
      <p class="lead" data-testid="why">${words}</p>
      <section><a href="${address}" data-testid="back">${texts.back}</a></section>
    </div>`,
  });
  return {
    ...answer,
    status,
    headers: { ...answer.headers, ...(status === 405 ? { Allow: 'GET, HEAD, POST' } : {}) },
  };
}
