// Plays the mini program: a code from wx.login, a token from the module, a guarded route with the token. The token stays in memory, as in wx.setStorage
// it would stay on the phone; cookies have no part in this.
const login = document.getElementById('mini-login');
const user = document.getElementById('mini-user');
const name = document.querySelector('.mini-name');
const face = document.querySelector('.phone .avatar');

login.addEventListener('click', async () => {
  login.disabled = true;
  for (const step of document.querySelectorAll('#mini-steps li')) show(step, '', undefined);
  try {
    const { code } = await call('mini-code', '/demo/wx-login', { user: user.value });
    const { token, identity } = await call('mini-token', '/wechat/session', { app: 'mini', code });
    await call('mini-points', '/account/points', undefined, token);
    name.replaceChildren(user.selectedOptions[0].label, small(`unionid ${identity.unionid ?? '—'}`));
    face.textContent = [...user.selectedOptions[0].label][0];
  } catch {
    name.replaceChildren('登录失败', small('sign-in failed, see the step'));
  } finally {
    login.disabled = false;
  }
});

/** POST with a body, GET without. */
async function call(step, path, body, token) {
  const response = await fetch(path, {
    method: body ? 'POST' : 'GET',
    // Only the token counts here.
    credentials: 'omit',
    headers: {
      Accept: 'application/json',
      ...(body ? { 'Content-Type': 'application/json' } : {}),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = await response.json();
  show(document.getElementById(step), response.ok ? 'done' : 'failed', answer);
  if (!response.ok) throw new Error(String(response.status));
  return answer;
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

function small(text) {
  const element = document.createElement('small');
  element.textContent = text;
  return element;
}
