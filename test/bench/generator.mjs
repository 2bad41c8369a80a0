// Sends requests and counts answers: plain sockets, kept open, one request at a time on each.
// Written by hand because it has to be faster than any server it measures, and to send each request
// of a list once.
import net from 'node:net';
import { answer } from './processes.mjs';

const END = Buffer.from('\r\n\r\n');

/** The bytes of a request: `fields` besides those that every browser sends. */
function bytesOf(path, fields) {
  const lines = Object.entries({ ...EVERY_BROWSER, ...fields }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}\r\n`);
}

const EVERY_BROWSER = {
  connection: 'keep-alive',
  'user-agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  accept: 'application/json, text/plain, */*',
  'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
};

let requests = [];

/** Sends `count` requests of the list in turn over `connections` sockets; ms, and how many answers had which status. */
function load(port, count, connections) {
  return new Promise((resolve, reject) => {
    const statuses = {};
    let sent = 0;
    let answered = 0;
    const startedAt = performance.now();
    const sockets = Array.from({ length: connections }, () => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
      let pending;
      const next = () => {
        if (sent < count) socket.write(requests[sent++ % requests.length]);
      };
      socket.on('connect', next);
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        pending = pending ? Buffer.concat([pending, chunk]) : chunk;
        const head = pending.indexOf(END);
        if (head < 0) return;
        const text = pending.latin1Slice(0, head);
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (pending.length < head + END.length + length) return;
        pending = undefined;
        const status = text.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (++answered < count) return next();
        for (const one of sockets) one.destroy();
        resolve({ ms: performance.now() - startedAt, statuses });
      });
      return socket;
    });
  });
}

answer({
  /** @param list `[path, fields]` of each request */
  prepare(list) {
    requests = list.map(([path, fields]) => bytesOf(path, fields));
  },
  load,
});
