// The pages of a login in a frame: what they hold, and what their scripts do.
import { createHash } from 'node:crypto';
import vm from 'node:vm';
import { renderBounce, renderHandover } from '../../../../lib/auth/problems/frame-pages.js';
import { renderProblemPage } from '../../../../lib/auth/problems/problem-page.js';

const SHOP = 'https://shop.example.com';
const EVIL = `https://evil.test/"><script>alert(1)</script>`;
const news = { target: SHOP, ok: true, location: `${SHOP}/a?b=c&d=e` };

const scriptOf = (html: string) => /<script>(.*?)<\/script>/s.exec(html)![1]!;
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** A window that a page's script runs in. */
function run(
  html: string,
  {
    href = `${SHOP}/wechat/login?code=c&state=s`,
    storage = new Map<string, string>() as Map<string, string> | null,
  } = {},
) {
  const did: unknown[][] = [];
  const parent = { postMessage: (...said: unknown[]) => void did.push(['told', ...said]) };
  const listeners: ((event: object) => void)[] = [];
  let timer: (() => void) | undefined;
  const dataset = Object.fromEntries(
    [...(/<body([^>]*)>/.exec(html)?.[1] ?? '').matchAll(/ data-(\w+)="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value!.replaceAll('&amp;', '&').replaceAll('&quot;', '"'),
    ]),
  );
  vm.runInNewContext(scriptOf(html), {
    URLSearchParams,
    parent,
    document: { body: { dataset } },
    location: {
      href,
      search: new URL(href).search,
      replace: (to: string) => void did.push(['replaced', to]),
    },
    top: { location: { replace: (to: string) => void did.push(['left', to]) } },
    ...(storage
      ? {
          sessionStorage: {
            getItem: (key: string) => storage.get(key) ?? null,
            setItem: (key: string, value: string) => void storage.set(key, value),
          },
        }
      : {}),
    addEventListener: (_: string, listener: (event: object) => void) => void listeners.push(listener),
    setTimeout: (act: () => void, ms: number) => ((timer = act), did.push(['waits', ms]), 1),
    clearTimeout: () => void (timer = undefined),
  });
  return {
    did,
    parent,
    hear: (event: object) => listeners.forEach((listener) => listener(event)),
    /** A second goes by. */
    late: () => timer?.(),
  };
}

describe('The page that asks again', () => {
  const { html, policy } = renderBounce(`${SHOP} https://www.example.com`);

  it('is static, and runs its own script only', () => {
    expect(renderBounce(SHOP).html).toBe(html);
    expect(policy).toBe(
      `default-src 'none'; script-src ${hashOf(scriptOf(html))}; base-uri 'none'; form-action 'none'; ` +
        `frame-ancestors ${SHOP} https://www.example.com`,
    );
    expect(html).not.toMatch(/http|postMessage/);
  });

  it('asks for its own address once for each login, then leaves the frame', () => {
    const storage = new Map<string, string>();
    const at = (state: string) => ({ href: `${SHOP}/wechat/login?code=c&state=${state}`, storage });
    expect(run(html, at('one')).did).toEqual([['replaced', at('one').href]]);
    expect(run(html, at('one')).did).toEqual([['left', at('one').href]]);
    expect(run(html, at('two')).did).toEqual([['replaced', at('two').href]]);
    // The code is nothing that is kept.
    expect([...storage.values()]).toEqual(['two']);
  });

  it('asks the server, not only for a place in the page', () => {
    expect(run(html, { href: `${SHOP}/wechat/login?state=s#wechat_redirect` }).did).toEqual([
      ['replaced', `${SHOP}/wechat/login?state=s`],
    ]);
  });

  it('leaves the frame where nothing can be kept', () => {
    const { did } = run(html, { storage: null });
    expect(did).toEqual([['left', `${SHOP}/wechat/login?code=c&state=s`]]);
  });
});

describe('The page that tells', () => {
  const { html, policy } = renderHandover(news, 'en', SHOP);

  it('runs its own script and style only', () => {
    const style = /<style>(.*?)<\/style>/s.exec(html)![1]!;
    expect(policy).toBe(
      `default-src 'none'; script-src ${hashOf(scriptOf(html))}; style-src ${hashOf(style)}; ` +
        `base-uri 'none'; form-action 'none'; frame-ancestors ${SHOP}`,
    );
  });

  it.each([true, false])('tells one origin, without an address: ok %s', (ok) => {
    const { did } = run(renderHandover({ ...news, ok }, 'zh', SHOP).html);
    expect(JSON.stringify(did)).toBe(
      JSON.stringify([
        ['waits', 1_000],
        ['told', { type: 'wechat-login', ok }, SHOP],
      ]),
    );
  });

  it('leaves the frame when nobody answers for a second', () => {
    const page = run(html);
    page.late();
    expect(page.did.at(-1)).toEqual(['left', `${SHOP}/a?b=c&d=e`]);
  });

  it('stays when the page around it answers, and nobody else', () => {
    const answer = { data: { type: 'wechat-login-received' }, origin: SHOP };
    for (const event of [
      { ...answer, source: {} },
      { ...answer, source: undefined },
      { ...answer, origin: 'https://evil.test', source: 'parent' },
      { ...answer, data: null, source: 'parent' },
      { ...answer, data: 'wechat-login-received', source: 'parent' },
      { ...answer, data: { type: 'wechat-login' }, source: 'parent' },
    ]) {
      const page = run(html);
      page.hear({ ...event, source: event.source === 'parent' ? page.parent : event.source });
      page.late();
      expect(page.did.at(-1)).toEqual(['left', `${SHOP}/a?b=c&d=e`]);
    }
    const page = run(html);
    page.hear({ ...answer, source: page.parent });
    page.late();
    expect(page.did.filter(([what]) => what === 'left')).toEqual([]);
  });

  it('is one page whatever an address holds', () => {
    const page = renderHandover({ ...news, location: EVIL }, 'en', SHOP).html;
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toContain('"><script>alert');
    expect(scriptOf(page)).toBe(scriptOf(html));
  });
});

describe('A problem in a frame', () => {
  const problem = {
    statusCode: 403,
    code: 'LOGIN_REFUSED',
    message: 'no',
    ref: 'AB',
    retryUrl: `${SHOP}/a`,
    homeUrl: SHOP,
  } as const;
  const frame = { target: SHOP, ancestors: `${SHOP} https://www.example.com` };
  const { html, policy } = renderProblemPage(problem, 'en', undefined, frame);

  it('tells so, stays to be read, and its links leave the frame', () => {
    const page = run(html);
    expect(JSON.stringify(page.did)).toBe(
      JSON.stringify([['told', { type: 'wechat-login', ok: false }, SHOP]]),
    );
    expect(policy).toContain(`script-src ${hashOf(scriptOf(html))};`);
    expect(policy).toContain(`frame-ancestors ${SHOP} https://www.example.com`);
    expect(html.match(/<a [^>]*>/g)!.every((link) => link.includes('target="_top"'))).toBe(true);
  });

  it('is held by nobody elsewhere', () => {
    const plain = renderProblemPage(problem, 'en');
    expect(plain.policy).toContain("frame-ancestors 'none'");
    expect(plain.html).not.toMatch(/<script|target=|data-/);
  });
});
