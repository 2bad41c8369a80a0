// People with browsers: they follow redirects to WeChat and back, with their cookies.
import http from 'node:http';
import { answer } from './processes.mjs';
import { inCrowd } from './rounds.mjs';

/** As many as the other benchmarks send. */
const AT_ONCE = 32;

const PAGE = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'zh-CN,zh;q=0.9',
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'user-agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
};
const agent = new http.Agent({ keepAlive: true });

function get(port, path, cookie) {
  return new Promise((resolve, reject) => {
    const headers = cookie ? { ...PAGE, cookie } : PAGE;
    const request = http.get({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    });
    // A kept connection that the server has just closed.
    request.on('error', (error) => (request.reusedSocket ? resolve(get(port, path, cookie)) : reject(error)));
  });
}

const cookieOf = ({ headers }) => headers['set-cookie'].map((line) => line.split(';')[0]).join('; ');

/** Somebody who has been sent to WeChat, and where they come back to. */
async function begin(port, path) {
  const response = await get(port, path);
  if (response.statusCode !== 302) throw new Error(`start: ${response.statusCode}`);
  const state = new URL(response.headers.location).searchParams.get('state');
  const code = `c${state}`;
  return { cookie: cookieOf(response), path: `${path}?code=${code}&state=${state}` };
}

async function comeBack(port, person) {
  const response = await get(port, person.path, person.cookie);
  const isIn = response.statusCode === 302 && /_session_/.test(response.headers['set-cookie']?.join() ?? '');
  return isIn ? cookieOf(response) : undefined;
}

let waiting = [];

answer({
  /** Whole logins: start, callback, page. */
  logins: (port, path, count) =>
    inCrowd(count, AT_ONCE, async () => {
      const cookie = await comeBack(port, await begin(port, path));
      const page = await get(port, path, cookie);
      if (page.statusCode !== 200) throw new Error(`page: ${page.statusCode}`);
    }),
  plain: (port, path, count) => inCrowd(count, AT_ONCE, () => get(port, path)),
  async prepare(port, path, count) {
    waiting = [];
    await inCrowd(count, AT_ONCE, async () => waiting.push(await begin(port, path)));
  },
  /**
   * All who wait come back in one moment; somebody who is signed in asks for a page every 5 ms
   * meanwhile. In ms.
   */
  async comeBackAtOnce(port, path, signedIn) {
    const startedAt = performance.now();
    const latencies = [];
    const crowd = { isOver: false };
    const others = (async () => {
      while (!crowd.isOver) {
        const askedAt = performance.now();
        void get(port, path, signedIn).then(() => latencies.push(performance.now() - askedAt));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const results = await Promise.all(waiting.map((person) => comeBack(port, person)));
    const ms = performance.now() - startedAt;
    crowd.isOver = true;
    await others;
    latencies.sort((a, b) => a - b);
    const p99 = latencies[Math.floor(latencies.length * 0.99)];
    return { ms, p99, isIn: results.filter(Boolean).length };
  },
});
