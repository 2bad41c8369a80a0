// The page of a scan: static HTML but for the code, in the colours of the application, with a
// policy that lets in nothing but what stands in it. Works by keyboard, read aloud, and without its
// script.
import { encodeQR } from 'qr';
import { escape } from '../../../auth/problems/escape.js';
import { pageStyle } from '../../../auth/problems/page-style.js';
import { hashOf } from '../../../auth/problems/policy.js';
import { brandHeader, imageSource, type PageBrand } from '../../../auth/problems/problem-page.js';
import type { ScanStatus } from '../scenes/scan-record.js';
import { RELOAD_S, SCAN_SCRIPT } from './scan-script.js';
import { SCAN_WORDS, type ScanWords } from './scan-words.js';

/** What the page shows. */
export interface ScanView {
  readonly lang: 'zh' | 'en';
  readonly status: ScanStatus;
  /** Whether the person types digits, and does not press a button on the phone. */
  readonly byDigits: boolean;
  /** What the QR code holds; not there where nobody can scan it any more. */
  readonly url?: string | undefined;
  readonly host: string;
  /** Paths with the state in their query. */
  readonly paths: { page: string; again: string; finish: string; events: string; status: string };
  /** Of the form. */
  readonly token: string;
  /** Why the form comes back: how many tries are left, or nobody has scanned yet. */
  readonly failed?: { readonly left: number } | 'early' | undefined;
  readonly brand?: PageBrand | undefined;
  /** Where forms may lead. */
  readonly targets: string;
}

const STYLE =
  'main svg.code{width:232px;height:232px;margin:20px auto 0;border-radius:8px;background:#fff}' +
  'section[hidden]{display:none}label{display:block;margin-top:20px;font-weight:500}' +
  'input[name=digits]{margin:8px 0 0;border-color:var(--soft);text-align:center;font-size:26px;letter-spacing:.3em}' +
  'a:focus-visible,button:focus-visible,input:focus-visible{outline-color:var(--text)}' +
  'p.bad{color:#d4380d;font-weight:500}@media(prefers-color-scheme:dark){p.bad{color:#ff8a65}}' +
  '.news{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}';

/** @returns `policy`: for the header `Content-Security-Policy` */
export function renderScanPage(view: ScanView): { html: string; policy: string } {
  const { lang, status, byDigits, host, paths, brand } = view;
  const words = SCAN_WORDS[lang];
  const style = pageStyle(brand?.color) + STYLE;
  const sections: [ScanStatus, string, string][] = [
    ['waiting', words.scan, `${codeOf(view, words)}<p>${escape(words.scanNote(host))}</p>`],
    byDigits
      ? ['scanned', words.digits, digitsForm(view, words)]
      : ['scanned', words.phone, `<p>${words.phoneNote}</p>`],
    ['agreed', words.agreed, agreedForm(view, words)],
    ['expired', words.over, `<p>${words.overNote}</p>${link(paths.again, words.again)}`],
    ['void', words.void, `<p>${words.voidNote}</p>${link(paths.again, words.again)}`],
    ['finished', words.finished, link(paths.page, words.goOn)],
  ];
  const shown = sections.find(([on]) => on === status)![1];
  const ending = brand ? ` · ${escape(brand.name)}` : '';
  const data = Object.entries({ status, page: paths.page, events: paths.events, ask: paths.status });
  // While digits are typed nothing may take them away.
  const reloads = status === 'waiting' || (status === 'scanned' && !byDigits);
  const reload = reloads
    ? `<noscript><meta http-equiv="refresh" content="${RELOAD_S};url=${escape(paths.page)}"></noscript>`
    : '';
  const html =
    `<!doctype html><html lang="${lang === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">` +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>${shown}${ending}</title><style>${style}</style>${reload}</head>` +
    `<body${data.map(([name, value]) => ` data-${name}="${escape(value)}"`).join('')}>` +
    `${brand ? brandHeader(brand) : ''}<main>` +
    sections
      .map(
        ([on, title, content]) =>
          `<section data-on="${on}" data-title="${title}${ending}"${on === status ? '' : ' hidden'}><h1>${title}</h1>${content}</section>`,
      )
      .join('') +
    `<div id="news" class="news" role="status" aria-live="polite"></div></main>` +
    `<script>${SCAN_SCRIPT}</script></body></html>`;
  return { html, policy: policyOf(style, view) };
}

/** Drawn here: no picture of somebody else's is loaded, and no ticket stands in the page. */
function codeOf({ url, failed }: ScanView, words: ScanWords): string {
  if (url === undefined) return '';
  const [, box, path] = /viewBox="([\d ]+)".*<path d="([^"]+)"/s.exec(encodeQR(url, 'svg', { border: 3 }))!;
  return (
    (failed === 'early' ? `<p class="bad" role="alert">${words.early}</p>` : '') +
    `<svg class="code" viewBox="${box}" role="img" aria-label="${words.picture}"><path d="${path}"/></svg>`
  );
}

function digitsForm({ paths, token, failed, status }: ScanView, words: ScanWords): string {
  const wrong =
    typeof failed === 'object' ? `<p class="bad" id="bad" role="alert">${words.wrong(failed.left)}</p>` : '';
  const described = wrong === '' ? '' : ' aria-invalid="true" aria-describedby="bad"';
  return (
    `<p>${words.digitsNote}</p><form method="post" action="${escape(paths.finish)}">${hidden(token)}` +
    `<label for="digits">${words.field}</label><input id="digits" name="digits" inputmode="numeric" ` +
    `autocomplete="one-time-code" maxlength="20" required${described}${status === 'scanned' ? ' autofocus' : ''}>` +
    `${wrong}<button>${words.send}</button></form>`
  );
}

function agreedForm({ paths, token }: ScanView, words: ScanWords): string {
  return (
    `<p>${words.agreedNote}</p><form name="agreed" method="post" action="${escape(paths.finish)}">` +
    `${hidden(token)}<button>${words.goOn}</button></form>`
  );
}

function hidden(token: string): string {
  return `<input type="hidden" name="token" value="${escape(token)}">`;
}

function link(path: string, words: string): string {
  return `<a href="${escape(path)}">${words}</a>`;
}

function policyOf(style: string, { brand, targets }: ScanView): string {
  const image = brand?.logoUrl ? `img-src ${imageSource(brand.logoUrl)}; ` : '';
  return (
    `default-src 'none'; script-src ${hashOf(SCAN_SCRIPT)}; style-src ${hashOf(style)}; ${image}connect-src 'self'; ` +
    `base-uri 'none'; form-action ${targets}; frame-ancestors 'none'`
  );
}
