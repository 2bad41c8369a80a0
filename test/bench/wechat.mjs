// WeChat, as far as a login needs it: answers of the usual size, in a process of its own.
import http from 'node:http';
import { answer } from './processes.mjs';

let delay = 0;

const json = (response, value) => {
  const body = Buffer.from(JSON.stringify(value));
  const send = () => {
    // WeChat's own, JSON notwithstanding.
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length });
    response.end(body);
  };
  if (delay === 0) send();
  else setTimeout(send, delay);
};

const server = http.createServer((request, response) => {
  const query = new URLSearchParams(request.url.slice(request.url.indexOf('?')));
  const openid = query.get('openid') ?? `o${(query.get('code') ?? 'person').padStart(27, '0')}`;
  if (request.url.startsWith('/sns/userinfo')) {
    return json(response, {
      openid,
      nickname: '小明',
      sex: 0,
      language: 'zh_CN',
      city: '',
      province: '',
      country: '',
      headimgurl: 'https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4TwGTfTKMpmbL3iaGKqvLr5FZ6oT6xVxYdVvRRFzQ/132',
      privilege: [],
      unionid: 'oR5GjjgEhCMJFyzaVZdrxZ2zRRF4',
    });
  }
  const owner = query.get('refresh_token')?.slice(3, 31) ?? openid;
  return json(response, {
    access_token: `98_${'k'.repeat(107)}`,
    expires_in: 7_200,
    // Knows whose it is, as WeChat does.
    refresh_token: `98_${owner}${'r'.repeat(79)}`,
    openid: owner,
    scope: 'snsapi_userinfo',
    unionid: 'oR5GjjgEhCMJFyzaVZdrxZ2zRRF4',
  });
});
server.keepAliveTimeout = 60_000;
await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve));

answer({
  url: () => `http://127.0.0.1:${server.address().port}`,
  delay: (ms) => void (delay = ms),
});
