// The floor of `waiting.mjs`: the same streams without this package and without Nest.
import http from 'node:http';
import { answer } from './processes.mjs';

const open = new Set();
const stream = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write('data: waiting\n\n');
  open.add(response);
  response.on('close', () => open.delete(response));
};
let server = http.createServer(stream);
if (process.env.ADAPTER === 'express') {
  const { default: express } = await import('express');
  server = http.createServer(express().get('/wechat/scan/events', stream));
}
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

answer({
  port: () => server.address().port,
  /** As long as those of a login. */
  flows: (count) =>
    Array.from({ length: count }, (_, index) => [
      `/wechat/scan/events?state=${String(index).padStart(32, '0')}`,
      { cookie: `__Host-wechat_flow_${'f'.repeat(8)}=v1.${String(index).padStart(500, 'a')}` },
    ]),
});
