// The lists of the desk: apps, people, calls.
import type { ShownCall } from '../desk/shown-call.js';
import { WX_LOGIN } from '../desk/wx-login.js';
import { givesLoginCodes } from '../login-codes.js';
import { type MockApp, wellKnownSecret } from '../mock-apps.js';
import type { MockUser } from '../mock-server.types.js';
import { QR_CODE, type QrCode } from '../scan/qr-codes.js';
import type { DeskTexts } from './desk-texts.js';
import { type Html, html } from './html.js';
import type { PageLanguage } from './layout.js';
import { describe } from './parts.js';

/** So many apps and people are listed; tests may add thousands. */
const MOST = 50;

/** Each app with what one writes into a configuration. */
export function appList(apps: readonly MockApp[], users: readonly MockUser[], texts: DeskTexts): Html {
  return html`<ul class="rows" data-testid="apps">
      ${apps.slice(0, MOST).map((app) => appRow(app, users, texts))}
    </ul>
    ${rest(apps, texts)}`;
}

function appRow(app: MockApp, users: readonly MockUser[], texts: DeskTexts): Html {
  const hosts =
    app.domains.map((host) => host + (app.domainPath ?? '')).join(' · ') +
    (app.anyPort ? ` (${texts.anyPort})` : '');
  return html`<li data-testid="app-${app.appId}">
    <div class="line"><b>${app.name}</b><span>${app.type}</span><code class="far">${app.appId}</code></div>
    <small>${texts.secret}: <code>${wellKnownSecret(app) ?? texts.ownSecret}</code></small>
    ${
      givesLoginCodes(app)
        ? html`<small>${texts.codes}:</small>
            <div class="codes">${users.slice(0, MOST).map((user) => codeLink(app, user))}</div>`
        : html`<small>${texts.hosts}: <code>${hosts}</code></small>`
    }
  </li>`;
}

function codeLink(app: MockApp, user: MockUser): Html {
  return html`<a
    href="${WX_LOGIN}?app=${app.appId}&user=${user.id}"
    data-testid="code-${app.appId}-${user.id}"
    >${user.nickname.trim() || user.id}</a
  >`;
}

/** Everybody with a phone. */
export function personList(users: readonly MockUser[], lang: PageLanguage, texts: DeskTexts): Html {
  return html`<ul class="rows" data-testid="people">
      ${users.slice(0, MOST).map(
        (user) =>
          html`<li class="person" data-testid="person-${user.id}">
            <img src="/avatar/${user.id}.svg/96" alt="" width="40" height="40" />
            <div>
              ${user.nickname}<small>${describe(user, lang)}</small>${user.snapshot && html`<small data-testid="snapshot-note">${texts.snapshot}</small>`}
            </div>
          </li>`,
      )}
    </ul>
    ${rest(users, texts)}`;
}

/** So many codes of an account are listed: an application makes one for each visitor. */
const MOST_CODES = 5;

/** The codes that can be scanned, by account. @param now in ms */
export function scanList(
  options: { apps: readonly MockApp[]; codes: readonly QrCode[]; now: number; lang: PageLanguage },
  texts: DeskTexts,
): Html {
  const { apps, codes, now, lang } = options;
  if (codes.length === 0) return html`<p class="none" data-testid="scans">${texts.noScans}</p>`;
  return html`<ul class="rows" data-testid="scans">
    ${apps.flatMap((app) => {
      const own = codes.filter(({ appId }) => appId === app.appId);
      const more = own.length - MOST_CODES;
      return own.length === 0
        ? []
        : html`<li>
            <div class="line"><b>${app.name}</b><code class="far">${app.appId}</code></div>
            ${own.slice(0, MOST_CODES).map((code) => scanLine(code, now, lang, texts))}
            ${more > 0 && html`<small>${texts.more(more)}</small>`}
          </li>`;
    })}
  </ul>`;
}

/** The scene is cut: the page may end in a bug report. */
function scanLine({ id, scene, expiresAt }: QrCode, now: number, lang: PageLanguage, texts: DeskTexts): Html {
  const left = Math.ceil((expiresAt - now) / 1000);
  const shown = [...scene].length > 6 ? `${[...scene].slice(0, 6).join('')}…` : scene;
  return html`<div class="line">
    <a href="${QR_CODE}${id}?lang=${lang}" data-testid="scan-code"><code>${shown}</code></a
    ><small>${left === Infinity ? texts.forEver : texts.lives(left)}</small>
  </div>`;
}

/** What was asked, and what WeChat said. */
export function callList(calls: readonly ShownCall[], texts: DeskTexts): Html {
  if (calls.length === 0) return html`<p class="none" data-testid="calls">${texts.noCalls}</p>`;
  return html`<ul class="rows" data-testid="calls">
    ${calls.map(
      ({ time, what, status, errcode, query }) =>
        html`<li>
          <div class="line">
            <code>${time}</code><code>${what}</code
            ><span
              class="far ${(errcode ?? 0) !== 0 || status === undefined || status >= 400 ? 'bad' : 'good'}"
              >${status ?? texts.noAnswer}${errcode !== undefined && ` · ${errcode}`}</span
            >
          </div>
          ${query !== '' && html`<small><code>${query}</code></small>`}
        </li>`,
    )}
  </ul>`;
}

function rest(list: readonly unknown[], texts: DeskTexts): Html | false {
  return list.length > MOST && html`<p class="none">${texts.more(list.length - MOST)}</p>`;
}
