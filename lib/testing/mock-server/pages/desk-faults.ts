// The faults on the desk: what is injected now, and a form per address.
import { READY_FAULTS } from '../desk/ready-faults.js';
import type { WaitingFault } from '../faults/faults.js';
import type { MockFault } from '../mock-server.types.js';
import type { DeskTexts } from './desk-texts.js';
import { type Html, html } from './html.js';
import type { PageLanguage } from './layout.js';

/** A test may inject any number. */
const MOST = 100;

/** What is to go wrong, and the button that takes it back. */
export function waitingFaults(faults: readonly WaitingFault[], address: string, texts: DeskTexts): Html {
  if (faults.length === 0) return html``;
  const rest = faults.length - MOST;
  return html`<form class="waiting" method="post" action="${address}" data-testid="waiting">
    <b>${texts.waiting}</b>
    <ul>
      ${faults
        .slice(0, MOST)
        .map(
          ({ path, fault, hits }) =>
            html`<li>
              <code>${path}</code> · ${inWords(fault)} · ${texts.left((fault.times ?? 1) - hits)}
            </li>`,
        )}
    </ul>
    ${rest > 0 && html`<p>${texts.more(rest)}</p>`}
    <button class="small off" name="do" value="clear" data-testid="clear-faults">${texts.clear}</button>
  </form>`;
}

/** One form per address, folded. */
export function faultForms(options: {
  paths: readonly string[];
  address: string;
  lang: PageLanguage;
  texts: DeskTexts;
}): Html {
  const { paths, address, lang, texts } = options;
  return html`<ul class="rows">
    ${paths.map(
      (path) =>
        html`<li>
          <details data-testid="fault-${path}">
            <summary><code>${path}</code>${path === '*' && html` ${texts.every}`}</summary>
            <form class="choose" method="post" action="${address}">
              <input type="hidden" name="path" value="${path}" />
              <label
                >${texts.fault}<select name="fault">
                  ${choices(path, lang)}
                </select></label
              >
              <label>${texts.delay}<input type="number" name="delay" min="0" max="600000" /></label>
              <label>${texts.times}<input type="number" name="times" min="1" max="10000" value="1" /></label>
              <label class="check"><input type="checkbox" name="always" value="1" />${texts.always}</label>
              <button class="small" name="do" value="inject">${texts.inject}</button>
            </form>
          </details>
        </li>`,
    )}
  </ul>`;
}

function choices(path: string, lang: PageLanguage): Html[] {
  const kind = path.startsWith('/connect/') ? 'page' : 'api';
  return [...READY_FAULTS]
    .filter(([, { only }]) => only === undefined || only === kind || path === '*')
    .map(([value, { words }]) => html`<option value="${value}">${words[lang]}</option>`);
}

/** As one would write it in a test, so that it needs no translation. */
function inWords(fault: MockFault): string {
  const { times: _, body, answer, ...rest } = fault;
  const said = Object.entries(rest).filter(([, value]) => value !== undefined);
  if (body !== undefined) said.push(['body', `${Buffer.byteLength(body)} B`]);
  if (answer !== undefined) said.push(['answer', Object.keys(answer).join(' ')]);
  return said.map(([name, value]) => `${name}: ${String(value).slice(0, 80)}`).join(', ');
}
