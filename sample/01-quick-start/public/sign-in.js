// WeChat's QR code beside the password form: `showQrLogin` of nestjs-wechat-oauth/client does it.
import { showQrLogin } from './wechat-client/qr-login.js';

const element = document.querySelector('#wechat-code');
const note = document.querySelector('#scan-note');

const code = showQrLogin({
  element,
  returnTo: '/account',
  selfRedirect: element.dataset.mode === 'frame',
  stay: true,
  onProblem: ({ message }) => (note.textContent = message),
});

// Only in the frame; in the window, the server leads to `returnTo`.
await code.signedIn;
note.textContent = '登录成功，正在打开会员卡…';
location.assign('/account');
