// Plays the phone: `wx` as the mini program has it, made of fetch. What runs on it is the client of
// the package, as a real mini program would use it; cookies have no part in this.
import { createMiniProgramClient } from './wechat-client/mini-program.js';

const login = document.getElementById('mini-login');
const phone = document.getElementById('mini-phone');
const stale = document.getElementById('mini-stale');
const user = document.getElementById('mini-user');
const name = document.querySelector('.mini-name');
const face = document.querySelector('.phone .avatar');
const who = document.querySelector('.top .who');

/** The step on the page that shows a request. */
const STEPS = {
  '/demo/wx-login': 'mini-code',
  '/wechat/session': 'mini-token',
  '/account/points': 'mini-points',
  '/account/phone': 'mini-bound',
};

/** Forgotten with the page; on a phone it would stay. */
const storage = new Map();
const wx = {
  login: ({ success, fail }) =>
    call('/demo/wx-login', { method: 'POST', data: { user: user.value } }).then(
      ({ data }) => success(data),
      fail,
    ),
  request: ({ url, success, fail, ...options }) => call(url, options).then(success, fail),
  getStorageSync: (key) => storage.get(key) ?? '',
  setStorageSync: (key, value) => storage.set(key, value),
  removeStorageSync: (key) => storage.delete(key),
};
const client = createMiniProgramClient({ wx, baseUrl: location.origin, app: 'mini' });

login.addEventListener('click', async () => {
  login.disabled = true;
  for (const step of document.querySelectorAll('#mini-steps li')) show(step, '', undefined);
  try {
    // Whoever owns the phone now; a request alone would sign in only where nobody is.
    client.logout();
    const { statusCode } = await client.request('/account/points');
    if (statusCode !== 200) throw new Error(String(statusCode));
    const { label } = user.selectedOptions[0];
    name.replaceChildren(label, small('signed in'));
    face.textContent = [...label][0];
    signedIn(label);
    phone.hidden = stale.hidden = false;
  } catch {
    name.replaceChildren('登录失败', small('sign-in failed, see the step'));
    face.textContent = '客';
    signedOut();
    phone.hidden = stale.hidden = true;
  } finally {
    login.disabled = false;
  }
});

/** What the phone button of a mini program gives in `event.detail.code`. */
const phoneCode = async () =>
  (await call('/demo/phone-code', { method: 'POST', data: { user: user.value } })).data.code;

phone.addEventListener('click', async () => {
  phone.disabled = true;
  try {
    const options = { method: 'POST', data: { code: await phoneCode() } };
    const { statusCode, data } = await client.request('/account/phone', options);
    if (statusCode === 409 && data.code === 'SESSION_KEY_STALE') {
      // Who holds the phone now is asked of WeChat; the code of the button is still good.
      await client.login();
      await client.request('/account/phone', options);
    }
  } finally {
    phone.disabled = false;
  }
});

/** Another login at WeChat that this server never hears of: the key it keeps is no longer current. */
stale.addEventListener('click', () => wx.login({ success() {}, fail() {} }));

/** What `wx.request` does. */
async function call(url, { method = 'GET', data, header = {} }) {
  const step = document.getElementById(STEPS[new URL(url, location.href).pathname]);
  const response = await fetch(url, {
    method,
    // Only the token counts here.
    credentials: 'omit',
    headers: {
      Accept: 'application/json',
      ...(data ? { 'Content-Type': 'application/json' } : {}),
      ...header,
    },
    ...(data ? { body: JSON.stringify(data) } : {}),
  });
  const answer = await response.json();
  if (step) show(step, response.ok ? 'done' : 'failed', answer);
  return { statusCode: response.status, data: answer };
}

function show(step, state, answer) {
  step.className = state;
  const output = step.querySelector('pre');
  output.hidden = answer === undefined;
  // Tokens are long, and nobody should get used to reading them.
  output.textContent = JSON.stringify(
    answer,
    (key, value) => (key === 'token' || key === 'code' ? `${value.slice(0, 10)}…` : value),
    2,
  );
}

/** The head of the page speaks of the phone here. */
function signedIn(label) {
  who.classList.remove('nobody');
  who.replaceChildren(label);
}

function signedOut() {
  who.classList.add('nobody');
  who.replaceChildren('未登录', small('signed out'));
}

function small(text) {
  const element = document.createElement('small');
  element.textContent = text;
  return element;
}
