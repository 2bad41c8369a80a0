// A whole login through HTTP, and many at one moment.
import { start } from './processes.mjs';
import { compare, median } from './rounds.mjs';

const PATH = '/ours/hello';

async function stage(adapter) {
  const wechat = await start('wechat.mjs', 'other');
  const WECHAT_URL = await wechat.ask('url');
  const browser = await start('browser.mjs', 'other');
  const server = (more) => start('nest-app.mjs', 'server', { ADAPTER: adapter, WECHAT_URL, ...more });
  return { wechat, browser, server };
}

/** CPU of the server: start, callback and page, beside three requests of an unguarded route. */
export async function measureWholeLogin({ adapter, rounds, count = 150 }) {
  const { wechat, browser, server } = await stage(adapter);
  const app = await server();
  const port = await app.ask('port');
  const cost = async (question, path, many) => {
    const before = await app.ask('cpu');
    await browser.ask(question, port, path, many);
    return ((await app.ask('cpu')) - before) / count;
  };
  const plain = (many = 3 * count) => cost('plain', '/bare/hello', many);
  const login = (many = count) => cost('logins', PATH, many);
  await login(3_000);
  await plain(6_000);
  const found = await compare(
    () => plain(),
    () => login(),
    rounds,
  );
  for (const one of [wechat, browser, app]) one.stop();
  return found;
}

/** 2,000 callbacks at one moment, WeChat answering in 50 ms: time until the last is in, and the p99 of others. */
export async function measureCrowd({ adapter, rounds, count = 2_000, packages }) {
  const { wechat, browser, server } = await stage(adapter);
  const found = {};
  const apps = {};
  for (const name of packages) {
    apps[name] = await server({ PACKAGE: name });
    found[name] = [];
    await browser.ask('logins', await apps[name].ask('port'), PATH, 1_500);
  }
  await wechat.ask('delay', 50);
  for (let round = 0; round < rounds; round++) {
    for (const name of packages) {
      const port = await apps[name].ask('port');
      const [{ cookie }] = await apps[name].ask('ours', 1);
      await browser.ask('prepare', port, PATH, count);
      found[name].push(await browser.ask('comeBackAtOnce', port, PATH, cookie));
    }
  }
  for (const one of [wechat, browser, ...Object.values(apps)]) one.stop();
  const by = (name, fact) => median(found[name].map((one) => one[fact]));
  return Object.fromEntries(
    packages.map((name) => [name, { ms: by(name, 'ms'), p99: by(name, 'p99'), isIn: by(name, 'isIn') }]),
  );
}
