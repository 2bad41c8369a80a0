// The pages, the same for both routers. No framework: what matters here is how they sign in.
import { api, signIn, signOut, whoAmI } from './api.js';

const TEAS = { longjing: '龙井', biluochun: '碧螺春', tieguanyin: '铁观音' };

let router;
let showing = 0;

export function start(chosen) {
  router = chosen;
  router.listen(show);
  show();
}

async function show() {
  const turn = ++showing;
  const { pathname, searchParams } = new URL(router.current(), 'http://route');
  let content;
  let user = null;
  try {
    user = await whoAmI();
    content = await page(pathname, searchParams, user);
  } catch (error) {
    content = problem(error);
  }
  // Somebody went on to another route in the meantime.
  if (turn !== showing) return;
  document.body.replaceChildren(header(user), element('main', {}, ...content, whereYouAre()));
}

async function page(path, parameters, user) {
  if (path === '/cellar') return cellar(await api('/cellar'), parameters);
  const id = path.startsWith('/teas/') ? path.slice('/teas/'.length) : '';
  return TEAS[id] ? tea(id, parameters, user) : home();
}

function home() {
  return [
    element('h1', {}, '今日好茶'),
    element(
      'ul',
      { className: 'teas' },
      ...Object.entries(TEAS).map(([id, name]) =>
        element('li', {}, link(`/teas/${id}?cups=2`, name, `tea-${id}`)),
      ),
    ),
    element('p', {}, link('/cellar?sort=name', '我的茶柜 · My cellar', 'cellar')),
  ];
}

function tea(id, parameters, user) {
  const keep = button(user ? '放进茶柜 · Keep' : '登录后放进茶柜 · Sign in to keep', 'keep', async () => {
    await api('/cellar', { tea: TEAS[id] });
    router.go('/cellar?sort=name');
  });
  return [
    element('h1', {}, TEAS[id]),
    element('p', {}, `${parameters.get('cups') ?? 1} 杯 · cups`),
    element('p', {}, keep, ' ', link('/', '返回 · Back', 'home')),
  ];
}

function cellar({ teas }, parameters) {
  const names = parameters.get('sort') === 'name' ? teas.toSorted((a, b) => a.localeCompare(b, 'zh')) : teas;
  return [
    element('h1', {}, '我的茶柜'),
    names.length === 0
      ? element('p', { testId: 'empty' }, '还是空的 · Empty so far')
      : element('ul', { className: 'teas', testId: 'kept' }, ...names.map((name) => element('li', {}, name))),
    element('p', {}, link('/', '返回 · Back', 'home')),
  ];
}

function problem({ code, message }) {
  return [
    element('h1', {}, code === 'WECHAT_LOGIN_REQUIRED' ? '请先登录' : '出错了'),
    element('p', { testId: 'problem' }, message),
    code === 'WECHAT_LOGIN_REQUIRED'
      ? element(
          'p',
          { className: 'hint' },
          '刚登录过却看到这里？浏览器没有把 Cookie 带给接口：页面和接口要在同一个站点。',
          element('br', {}),
          'Signed in just now? Then the browser keeps the cookie back: page and API must be of one site.',
        )
      : '',
  ];
}

function header(user) {
  const who = user
    ? [
        element('span', { testId: 'who' }, user.nickname ?? '茶客'),
        button('退出 · Sign out', 'sign-out', async () => {
          await signOut();
          await show();
        }),
      ]
    : [button('微信登录 · Sign in', 'sign-in', () => signIn())];
  return element('header', {}, link('/', '一叶茶铺', 'brand'), element('div', { className: 'who' }, ...who));
}

function whereYouAre() {
  return element(
    'p',
    { className: 'where' },
    '地址 · Address ',
    element('code', { testId: 'route' }, router.current()),
  );
}

function link(route, text, testId) {
  const anchor = element('a', { href: router.address(route), testId }, text);
  anchor.dataset.route = route;
  return anchor;
}

function button(text, testId, act) {
  const pressed = async ({ currentTarget }) => {
    currentTarget.disabled = true;
    try {
      await act();
    } catch (error) {
      // Back from WeChat with the browser's button: the page as it was, and its buttons work again.
      if (error.name === 'WechatLoginAbandoned') return show();
      document.querySelector('main').replaceChildren(...problem(error), whereYouAre());
    }
  };
  return element('button', { testId, onclick: pressed }, text);
}

function element(name, { testId, ...properties }, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (testId) made.dataset.testid = testId;
  made.append(...children);
  return made;
}
