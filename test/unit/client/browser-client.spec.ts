// The browser client: what it sends, when it leaves, and that it never goes round.
import { WechatClientError, WechatLoginAbandoned } from '../../../lib/client/index.js';
import { failureOf } from '../../support/failure.js';
import { answer, API, PAGE, PageWindow, REFUSED, SCOPE_MISSING, stateOf, Tab } from './browser-kit.js';

const LOGIN = `${API}/wechat/login?${new URLSearchParams({ returnTo: PAGE })}`;
const MINUTE = 60_000;

let tab: Tab;
beforeEach(() => {
  tab = new Tab();
});

describe('A request that is refused', () => {
  it('leaves for the login, and comes back to the whole address of the page', async () => {
    const { client } = tab.open();
    expect(await stateOf(client.fetch('/orders'))).toBe('waiting');
    expect(tab.trips).toEqual([LOGIN]);
    expect(new URL(tab.trips[0]!).searchParams.get('returnTo')).toBe(PAGE);
  });

  it.each(['https://www.example.com/#/teas?cups=2&q=%E8%8C%B6', 'https://www.example.com/hash#/a/b#c'])(
    'comes back to a hash route: %s',
    async (href) => {
      void tab.open(href).client.fetch('/orders');
      await stateOf(Promise.resolve());
      await stateOf(new Promise(() => undefined));
      expect(new URL(tab.trips[0]!).searchParams.get('returnTo')).toBe(href);
    },
  );

  it('comes back to an address with a backslash, which the login route does not take', async () => {
    await stateOf(tab.open('https://www.example.com/a#b\\c').client.fetch('/orders'));
    expect(new URL(tab.trips[0]!).searchParams.get('returnTo')).toBe('https://www.example.com/a#b%5Cc');
  });

  it('leaves for more permission, with the app and the scope that the answer names', async () => {
    tab.answers = ({ url }) => answer(url, 403, SCOPE_MISSING);
    await stateOf(tab.open().client.fetch('/profile'));
    const trip = new URL(tab.trips[0]!);
    expect(Object.fromEntries(trip.searchParams)).toEqual({
      app: 'official',
      scope: 'snsapi_userinfo',
      returnTo: PAGE,
    });
  });

  it('leaves where it was a POST', async () => {
    const { client } = tab.open();
    expect(await stateOf(client.fetch('/orders', { method: 'POST', body: '{}' }))).toBe('waiting');
    expect(tab.trips).toEqual([LOGIN]);
    expect(tab.seen[0]!.init).toMatchObject({ method: 'POST', body: '{}', credentials: 'include' });
  });

  it('makes one trip with all others, of other clients of the page too', async () => {
    const { client, page } = tab.open();
    const other = tab.clientOf(page, { storageKey: 'other' });
    const all = ['/a', '/b', '/c'].flatMap((path) => [client.fetch(path), other.fetch(path)]);
    for (const one of all) expect(await stateOf(one)).toBe('waiting');
    expect(await stateOf(client.login())).toBe('waiting');
    expect(tab.trips).toEqual([LOGIN]);
  });

  it('waits on while the page leaves, and so do those that fail because it leaves', async () => {
    const { client, page } = tab.open();
    void client.fetch('/a').catch(() => undefined);
    await stateOf(new Promise(() => undefined));
    tab.answers = () => Promise.reject(new TypeError('Failed to fetch'));
    const broken = client.fetch('/b');
    expect(await stateOf(broken)).toBe('waiting');
    page.show(true);
    expect(await stateOf(broken)).toBeInstanceOf(TypeError);
  });

  it('is over at once where the caller has ended it, though the page is leaving', async () => {
    const { client } = tab.open();
    void client.fetch('/a').catch(() => undefined);
    await stateOf(new Promise(() => undefined));
    tab.answers = () => Promise.reject(new DOMException('over', 'AbortError'));
    expect(await stateOf(client.fetch('/b', { signal: AbortSignal.abort() }))).toBeInstanceOf(DOMException);
  });
});

describe('A page that is shown again', () => {
  it('tells everybody who waited, in the words of the application', async () => {
    const { client, page } = tab.open();
    const all = [client.fetch('/a'), client.fetch('/b')].map((one) => one.catch((error: unknown) => error));
    await stateOf(new Promise(() => undefined));
    page.show(true);
    for (const error of await Promise.all(all)) {
      expect(error).toBeInstanceOf(WechatLoginAbandoned);
      expect(error).toBeInstanceOf(WechatClientError);
      expect(error).toMatchObject({
        name: 'WechatLoginAbandoned',
        message: REFUSED.message,
        code: 'WECHAT_LOGIN_REQUIRED',
        statusCode: 401,
        ref: REFUSED.ref,
      });
    }
    expect([page.listening, page.timers.size]).toEqual([0, 0]);
    // The next is told so, and a button may go.
    expect(await stateOf(client.fetch('/a'))).toMatchObject({ status: 401 });
    expect(await stateOf(client.login())).toBe('waiting');
    expect(tab.trips).toHaveLength(2);
  });

  it('is not one that is only just loading', async () => {
    const { client, page } = tab.open();
    const waiting = client.fetch('/a');
    await stateOf(waiting);
    page.show(false);
    expect(await stateOf(waiting)).toBe('waiting');
  });

  it('may be one that never left, which shows after half a minute', async () => {
    const { client, page } = tab.open();
    const waiting = client.fetch('/a');
    await stateOf(waiting);
    page.pass(29_999);
    expect(await stateOf(waiting)).toBe('waiting');
    page.pass(1);
    expect(await stateOf(waiting)).toBeInstanceOf(WechatLoginAbandoned);
    expect([page.listening, page.timers.size]).toEqual([0, 0]);
  });

  it('hands the answer over where the browser does not let it go', async () => {
    const { client, page } = tab.open();
    page.location.assign = () => {
      throw new DOMException('sandboxed', 'SecurityError');
    };
    expect(await stateOf(client.fetch('/a'))).toMatchObject({ status: 401 });
    expect(await failureOf(() => client.login())).toBeInstanceOf(WechatClientError);
    expect([page.listening, page.timers.size]).toEqual([0, 0]);
  });
});

describe('A page that comes back', () => {
  /** Back from WeChat: a new page in the same tab. */
  async function comeBack(after = 5_000) {
    const { client } = tab.open();
    await stateOf(client.fetch('/orders'));
    expect(tab.trips).toHaveLength(1);
    tab.now += after;
    return tab.open();
  }

  it('is handed the answer where the same is refused again, body unread', async () => {
    const { client } = await comeBack();
    const given = await client.fetch('/orders');
    expect(given.status).toBe(401);
    expect(given.bodyUsed).toBe(false);
    expect(await given.json()).toEqual(REFUSED);
    expect(tab.trips).toHaveLength(1);
  });

  it.each(['/basket', '/orders?page=2'])('is handed any other refusal too: %s', async (path) => {
    const { client } = await comeBack();
    expect((await client.fetch(path)).status).toBe(401);
    expect(tab.trips).toHaveLength(1);
  });

  it('never goes round, however many pages ask', async () => {
    for (let page = 0; page < 50; page++) {
      await stateOf(tab.open(`https://www.example.com/${page}`).client.fetch(`/${page}`));
      tab.now += 1_000;
    }
    expect(tab.trips).toHaveLength(1);
  });

  it('goes once more when ten minutes have passed', async () => {
    const { client } = await comeBack(10 * MINUTE - 1);
    expect(await stateOf(client.fetch('/orders'))).toMatchObject({ status: 401 });
    tab.now += 1;
    expect(await stateOf(tab.open().client.fetch('/orders'))).toBe('waiting');
    expect(tab.trips).toHaveLength(2);
  });

  it('may go again once the request that caused it has succeeded', async () => {
    const { client } = await comeBack();
    tab.answers = ({ url }) => answer(url, 200, {});
    await client.fetch('/orders?page=2');
    tab.answers = ({ url }) => answer(url, 401, REFUSED);
    expect(await stateOf(client.fetch('/basket'))).toBe('waiting');
    expect(tab.trips).toHaveLength(2);
  });

  it.each<[string, Parameters<ReturnType<Tab['open']>['client']['fetch']>]>([
    ['another path', ['/teas']],
    ['another method', ['/orders', { method: 'POST' }]],
  ])('may not because of a success of %s, which may be open to anybody', async (_what, request) => {
    const { client } = await comeBack();
    tab.answers = ({ url }) => answer(url, 200, {});
    await client.fetch(...request);
    tab.answers = ({ url }) => answer(url, 401, REFUSED);
    expect(await stateOf(client.fetch('/orders'))).toMatchObject({ status: 401 });
  });

  it('may go again once somebody is known to be signed in, and keeps nothing then but times', async () => {
    const { client } = await comeBack();
    tab.answers = ({ url }) => answer(url, 200, { user: null });
    await client.me();
    tab.answers = ({ url }) => answer(url, 401, REFUSED);
    expect(await stateOf(client.fetch('/orders'))).toMatchObject({ status: 401 });
    tab.answers = ({ url }) => answer(url, 200, { user: { openid: 'o1' } });
    await client.me();
    expect([...tab.kept.values()]).toEqual([JSON.stringify({ trips: [1_800_000_000_000] })]);
    tab.answers = ({ url }) => answer(url, 401, REFUSED);
    expect(await stateOf(client.fetch('/orders'))).toBe('waiting');
  });

  it('does not take being signed in for having granted more', async () => {
    tab.answers = ({ url }) => answer(url, 403, SCOPE_MISSING);
    await stateOf(tab.open().client.fetch('/profile'));
    const { client } = tab.open();
    tab.answers = ({ url }) => answer(url, 200, { user: { openid: 'o1' } });
    await client.me();
    tab.answers = ({ url }) => answer(url, 403, SCOPE_MISSING);
    expect(await stateOf(client.fetch('/profile'))).toMatchObject({ status: 403 });
  });

  it('stops after three trips in ten minutes, though each had led to something', async () => {
    // Two servers of one application that do not open each other's sessions.
    for (let page = 0; page < 20; page++) {
      const { client } = tab.open();
      tab.answers = ({ url }) => answer(url, 200, {});
      await client.fetch('/orders');
      tab.answers = ({ url }) => answer(url, 401, REFUSED);
      await stateOf(client.fetch('/orders'));
      tab.now += 1_000;
    }
    expect(tab.trips).toHaveLength(3);
  });

  it('does not take an answer that comes while it leaves for a success of the trip', async () => {
    const { client } = tab.open();
    await stateOf(client.fetch('/orders'));
    tab.answers = ({ url }) => answer(url, 200, {});
    await client.fetch('/orders');
    tab.answers = ({ url }) => answer(url, 401, REFUSED);
    expect(await stateOf(tab.open().client.fetch('/orders'))).toMatchObject({ status: 401 });
  });
});

describe('A session storage', () => {
  const refuses = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };

  it.each<[string, Tab['storage']]>([
    ['is blocked', 'blocked'],
    ['is missing', undefined],
    ['is full', { getItem: () => null, setItem: refuses, removeItem: refuses }],
    ['forgets', { getItem: () => null, setItem: () => undefined, removeItem: () => undefined }],
  ])('that %s lets nobody go by itself, and everybody by a button', async (_what, storage) => {
    tab.storage = storage;
    const { client } = tab.open();
    expect(await stateOf(client.fetch('/orders'))).toMatchObject({ status: 401 });
    expect(await stateOf(client.login())).toBe('waiting');
    expect(tab.trips).toEqual([LOGIN]);
  });

  it.each([
    'x',
    'null',
    '7',
    '[]',
    '{"at":"now"}',
    '{"at":null,"trips":7}',
    '{"trips":["a",null,{}]}',
    '{"at":1,"trips":[1,2,3,4]}',
    '{"at":9e15,"trips":[9e15,9e15,9e15]}',
  ])('with %s in it counts for nothing', async (kept) => {
    tab.kept.set(`wechat-login:${API}`, kept);
    expect(await stateOf(tab.open().client.fetch('/orders'))).toBe('waiting');
    expect(JSON.parse(tab.kept.get(`wechat-login:${API}`)!)).toEqual({
      at: tab.now,
      request: `GET ${API}/orders`,
      code: 'WECHAT_LOGIN_REQUIRED',
      trips: [tab.now],
    });
  });

  it('with a long list in it keeps the end of it', async () => {
    const trips = Array.from({ length: 1_000 }, () => tab.now);
    tab.kept.set(`wechat-login:${API}`, JSON.stringify({ trips }));
    await stateOf(tab.open().client.login());
    const kept = JSON.parse(tab.kept.get(`wechat-login:${API}`)!) as { trips: number[] };
    expect(kept.trips).toEqual([tab.now, tab.now, tab.now]);
  });

  it('keeps a bounded list, and one mark for each application', async () => {
    for (let day = 0; day < 20; day++) {
      await stateOf(tab.open().client.fetch('/orders?secret=1'));
      tab.now += 4 * MINUTE;
    }
    expect([...tab.kept.keys()]).toEqual([`wechat-login:${API}`]);
    const kept = tab.kept.get(`wechat-login:${API}`)!;
    expect((JSON.parse(kept) as { trips: number[] }).trips.length).toBeLessThanOrEqual(3);
    expect(kept).not.toContain('secret');
  });
});

describe('A page that nobody looks at', () => {
  it('in a frame is handed the answer', async () => {
    const { client, page } = tab.open();
    page.top = {};
    expect(await stateOf(client.fetch('/orders'))).toMatchObject({ status: 401 });
    expect((await failureOf(() => client.login())).message).toMatch(/frame/);
    expect([tab.trips, tab.kept.size]).toEqual([[], 0]);
  });

  it('because it is made ahead waits until somebody does', async () => {
    const { client, page } = tab.open();
    page.document.prerendering = true;
    const [request, login] = [client.fetch('/orders'), client.login()];
    expect([await stateOf(request), await stateOf(login)]).toEqual(['waiting', 'waiting']);
    expect([tab.trips, tab.kept.size]).toEqual([[], 0]);
    page.activate();
    expect([await stateOf(request), await stateOf(login)]).toEqual(['waiting', 'waiting']);
    expect(tab.trips).toEqual([LOGIN]);
  });

  it('because it is on a server asks, and leaves the rest to its caller', async () => {
    const bare = { Date, setTimeout, clearTimeout, fetch: new PageWindow(tab, PAGE).fetch };
    const client = tab.clientOf(bare as unknown as PageWindow);
    expect((await client.fetch('/orders')).status).toBe(401);
    expect(tab.seen[0]!.url).toBe(`${API}/orders`);
    expect(await failureOf(() => client.login())).toBeInstanceOf(WechatClientError);
    const homeless = tab.clientOf(bare as unknown as PageWindow, {}, null);
    expect((await failureOf(() => homeless.me())).message).toMatch(/set baseUrl/);
    await homeless.fetch('/orders');
    expect(tab.seen.at(-1)).toEqual({ url: '/orders', init: {} });
  });
});
