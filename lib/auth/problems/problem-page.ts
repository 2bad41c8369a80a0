// The page a person sees when a login cannot go on: static HTML, with a policy that lets in nothing
// but what stands in it.
import type { WechatProblem } from '../../model/problem.js';
import { escape } from './escape.js';
import { newsAttributes, TELL } from './frame-pages.js';
import { pageStyle } from './page-style.js';
import { hashOf } from './policy.js';
import { titleOf } from './problems.js';

/** Whose page it is. */
export interface PageBrand {
  readonly name: string;
  /** A whole address. */
  readonly logoUrl: string | undefined;
  readonly color: string | undefined;
}

const ICON =
  '<svg viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="28" fill="#fa9d3b"/>' +
  '<path d="M28 15v17" stroke="#fff" stroke-width="5" stroke-linecap="round"/><circle cx="28" cy="41" r="3.2" fill="#fff"/></svg>';

/**
 * Copies the address: the one script of these pages, known to the policy by its hash. Without it
 * the address can be selected by hand. `execCommand` is for browsers, and addresses without https,
 * that have no clipboard.
 */
const COPY =
  "var b=document.querySelector('button'),i=document.querySelector('input');b.hidden=false;" +
  'b.onclick=function(){i.select();i.setSelectionRange(0,i.value.length);' +
  "function byHand(){if(!document.execCommand('copy'))throw 0}" +
  'function done(){b.textContent=b.dataset.done}' +
  'try{(navigator.clipboard?navigator.clipboard.writeText(i.value).catch(byHand):Promise.resolve(byHand())).then(done,function(){})}catch(e){}};';

const WORDS = {
  zh: { retry: '重试', home: '返回首页', address: '本页链接', copy: '复制链接', copied: '已复制' },
  en: {
    retry: 'Try again',
    home: 'Home',
    address: 'Link of this page',
    copy: 'Copy the link',
    copied: 'Copied',
  },
};

/** Where a page stands that ends a login in a frame. */
interface Frame {
  /** Sources of `frame-ancestors`. */
  readonly ancestors: string;
  /** The one origin that is told. */
  readonly target: string;
}

/**
 * The module's own page. In a frame it tells the page around it, and its links leave the frame.
 * @returns `policy`: for the header `Content-Security-Policy`
 */
export function renderProblemPage(
  problem: WechatProblem,
  lang: 'zh' | 'en',
  brand?: PageBrand,
  frame?: Frame,
): { html: string; policy: string } {
  const words = WORDS[lang];
  const title = escape(titleOf(problem, lang));
  const { retryUrl, homeUrl, pageUrl } = problem;
  const style = pageStyle(brand?.color);
  const leave = frame ? ' target="_top"' : '';
  const retry = retryUrl ? `<a${leave} href="${escape(retryUrl)}">${words.retry}</a>` : '';
  const elsewhere = homeUrl && homeUrl !== retryUrl;
  const home = elsewhere ? `<a class="home"${leave} href="${escape(homeUrl)}">${words.home}</a>` : '';
  const copy = pageUrl
    ? `<input readonly aria-label="${words.address}" value="${escape(pageUrl)}">` +
      `<button type="button" hidden aria-live="polite" data-done="${words.copied}">${words.copy}</button><br>`
    : '';
  const news = frame ? newsAttributes({ target: frame.target, ok: false }) : '';
  const scripts = [...(pageUrl ? [COPY] : []), ...(frame ? [TELL] : [])];
  const html =
    `<!doctype html><html lang="${lang === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">` +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>${title}${brand ? ` · ${escape(brand.name)}` : ''}</title><style>${style}</style></head>` +
    `<body${news}>${brand ? brandHeader(brand) : ''}<main>${ICON}<h1>${title}</h1><p>${escape(problem.message)}</p>${copy}${retry}${home}` +
    `<small>${problem.code} · ${escape(problem.ref)}</small></main>${scripts.map((script) => `<script>${script}</script>`).join('')}</body></html>`;
  return { html, policy: policyOf(style, scripts, brand?.logoUrl, frame?.ancestors) };
}

/** The name says what the picture would. */
export function brandHeader({ name, logoUrl }: PageBrand): string {
  const logo = logoUrl ? `<img src="${escape(logoUrl)}" alt="">` : '';
  return `<header>${logo}<span>${escape(name)}</span></header>`;
}

/**
 * Nothing is let in by its kind or its host: style and script by their hash, the logo by its path.
 */
function policyOf(
  style: string,
  scripts: readonly string[],
  logoUrl: string | undefined,
  ancestors = "'none'",
): string {
  const script = scripts.length > 0 ? `script-src ${scripts.map(hashOf).join(' ')}; ` : '';
  const image = logoUrl ? `img-src ${imageSource(logoUrl)}; ` : '';
  return (
    `default-src 'none'; ${script}style-src ${hashOf(style)}; ${image}` +
    `base-uri 'none'; form-action 'none'; frame-ancestors ${ancestors}`
  );
}

/**
 * Without the query, which a policy does not compare, and without what would end the directive.
 * @see https://www.w3.org/TR/CSP3/#framework-directive-source-list
 */
export function imageSource(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname.replaceAll(';', '%3B').replaceAll(',', '%2C')}`;
}
