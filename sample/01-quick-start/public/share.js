// Makes the page ready for sharing, and plays a router: `wx` is global, from WeChat's script or
// from that of the mock.
import { configureJsSdk } from './wechat-client/js-sdk.js';

const TEAS = ['longjing', 'oolong', 'puer'];
const address = document.getElementById('share-address');
const buttons = [document.getElementById('share'), document.getElementById('route')];

async function share() {
  for (const button of buttons) button.disabled = true;
  for (const id of ['js-sign', 'js-config', 'js-share']) show(id, '', undefined);
  try {
    await configureJsSdk(wx, { getConfig, jsApiList: ['updateAppMessageShareData'], timeout: 10_000 });
    show('js-config', 'done', 'config:ok');
    const { errMsg } = await new Promise((resolve, reject) => {
      const card = {
        title: document.title,
        desc: '明前龙井',
        link: location.href,
        imgUrl: `${location.origin}/leaf.svg`,
      };
      wx.updateAppMessageShareData({ ...card, success: resolve, fail: reject });
    });
    show('js-share', 'done', errMsg);
  } catch (error) {
    show('js-config', 'failed', error.errMsg ?? error.message);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/** As `url: '/js-sdk'` would do it, and shows what came. */
async function getConfig(url) {
  const response = await fetch(`/js-sdk?url=${encodeURIComponent(url)}`);
  const answer = await response.json();
  show('js-sign', response.ok ? 'done' : 'failed', { url, ...answer });
  return answer;
}

/** A router: the address changes, and no page is loaded. */
function change() {
  const next = TEAS[(TEAS.indexOf(location.pathname.split('/')[2]) + 1) % TEAS.length];
  history.pushState(null, '', `/share/${next}?from=menu#card`);
  showAddress();
}

function showAddress() {
  address.textContent = location.href;
}

function show(id, state, answer) {
  const step = document.getElementById(id);
  step.className = state;
  const output = step.querySelector('pre');
  output.hidden = answer === undefined;
  output.textContent = typeof answer === 'string' ? answer : JSON.stringify(answer, null, 2);
}

buttons[0].addEventListener('click', share);
buttons[1].addEventListener('click', change);
addEventListener('popstate', showAddress);
showAddress();
