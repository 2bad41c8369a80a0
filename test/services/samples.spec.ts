// Samples 03, 04 and 05 as their users start them, on the local servers: the main path of each over
// HTTP, and what it says when a server is missing.
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { occupy } from '../browser/sample.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';
import { type RunningSample, SampleCheckout } from './sample-checkout.js';
import { requireServer } from './servers.js';

const REDIS = '03-redis';
const MYSQL = '04-typeorm-mysql';
const MOVING = '05-moving-from-wechat-oauth';
const [redis, mariadb] = [await requireServer('redis'), await requireServer('mariadb')];

/** A start builds the library and the sample. */
const BUILD_MS = 240_000;

let checkout: SampleCheckout;
let sample: RunningSample;
beforeAll(() => {
  checkout = new SampleCheckout([REDIS, MYSQL, MOVING]);
});
afterAll(() => checkout.remove());

describe('sample 03, two processes on Redis', () => {
  const prefix = `${uniqueName()}:`;
  const env = { REDIS_URL: `redis://${redis.host}:${redis.port}`, REDIS_PREFIX: prefix };
  let direct: Redis;

  beforeAll(async () => {
    direct = new Redis({ ...redis, lazyConnect: true });
    await direct.connect();
    sample = await checkout.start(REDIS, { env });
  }, BUILD_MS);

  afterAll(async () => {
    await sample?.running.kill();
    const keys = await direct.keys(`${prefix}*`);
    if (keys.length > 0) await direct.del(keys);
    direct.disconnect();
  });

  it('answers from both processes on one port', async () => {
    const browser = new Browser();
    const answers = await times(4, () => browser.visit(sample.home));
    expect(new Set(answers.map(processOf))).toEqual(new Set(['1', '2']));
    expect(answers[0]!.body).toContain(`Process ${processOf(answers[0]!)} answered`);
  });

  it('lets a login that one process began end on the other, and both use its token', async () => {
    const crossed = [];
    for (const person of ['ming', 'hong', 'qiang']) {
      const browser = new Browser();
      const [started, , finished, profile] = await signIn(browser, `${sample.home}/profile`, person);
      expect(profile!.status).toBe(200);
      expect(String(profile!.json()['loginFinishedBy'])).toBe(processOf(finished!));
      crossed.push(processOf(started!) !== processOf(finished!));

      const answers = await times(4, () => browser.fetch(`${sample.home}/profile`));
      expect(new Set(answers.map(processOf))).toEqual(new Set(['1', '2']));
      for (const answer of answers) {
        expect(answer.json()).toMatchObject({ profile: { openid: expect.stringMatching(/^o[\w-]{27}$/) } });
      }
    }
    expect(crossed).toContain(true);
    expect(sample.running.output).toMatch(/进程 [12] · process [12] {3}flow\.completed/);
  });

  it('keeps what it shares under its prefix, sealed', async () => {
    const keys = await direct.keys(`${prefix}wechat:*:token:*`);
    expect(keys).toHaveLength(3);
    expect(await direct.get(keys[0]!)).toMatch(/^v1\./);
  });

  it('ends a session in both processes, copies of it too', async () => {
    for (const way of ['/wechat/logout', '/sign-out-everywhere']) {
      const browser = new Browser();
      await signIn(browser, `${sample.home}/profile`, 'ming');
      const cookie = await browser.jar.getCookieString(sample.home);
      const copy = () => new Browser().fetch(`${sample.home}/profile`, { headers: { cookie } });
      expect((await copy()).status).toBe(200);
      const left = await browser.visit(sample.home + way, {
        method: 'POST',
        // As a browser sends a form.
        headers: {
          'sec-fetch-site': 'same-origin',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          origin: sample.home,
        },
      });
      expect(left).toMatchObject({ status: 303 });
      expect((await times(4, copy)).map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    }
  });

  it('goes on with one process when the other is gone, and nobody has to sign in again', async () => {
    const browser = new Browser();
    await signIn(browser, `${sample.home}/profile`, 'hong');
    const [, pid] = await sample.running.printed(/process 1 {3}pid (\d+)/);
    process.kill(Number(pid), 'SIGTERM');
    await sample.running.printed(/Process 1 has ended/);
    const answers = await times(3, () => browser.fetch(`${sample.home}/profile`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(processOf)).toEqual(['2', '2', '2']);
  });

  it('stops on Ctrl+C', async () => {
    await expectToStop(sample);
  });

  it('says in one line that Redis is missing', async () => {
    const { port, release } = await occupy();
    await release();
    await expectOneLine(REDIS, { REDIS_URL: `redis://127.0.0.1:${port}` }, /Redis.*compose\.yaml up/);
  });

  it('says in one line that its port is taken', async () => {
    const { port, release } = await occupy();
    await expectOneLine(REDIS, { ...env, MOCK_PORT: '0', PORT: `${port}` }, /端口 \d+ 已被占用/);
    await release();
  });

  it('signs in with the store of files', async () => {
    const files = await checkout.start(REDIS, { built: true, env: { STORE: 'file' } });
    try {
      const answers = await signIn(new Browser(), `${files.home}/profile`, 'ming');
      expect(answers.at(-1)!.json()).toMatchObject({ answeredBy: 1, profile: { nickname: '小明' } });
    } finally {
      await files.running.kill();
    }
  });

  it('holds the store of files to the contract', async () => {
    const { stdout } = await promisify(execFile)('npm', ['test', '--ignore-scripts'], {
      cwd: checkout.path(REDIS),
    });
    expect(stdout).toMatch(/^# pass 19$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(stdout).toMatch(/^# skipped 3$/m);
  });
});

describe('sample 04, MySQL through TypeORM', () => {
  const database = uniqueName();
  const env = { MYSQL_URL: mysqlUrl(database) };
  let direct: Connection;

  beforeAll(async () => {
    direct = await createConnection(mysqlUrl(''));
    sample = await checkout.start(MYSQL, { env });
    await direct.query(`USE ${database}`);
  }, BUILD_MS);

  afterAll(async () => {
    await sample?.running.kill();
    for (const name of [database, `${database}_contract`, `${database}_old`])
      await direct.query(`DROP DATABASE IF EXISTS ${name}`);
    await direct.end();
  });

  const rows = async (sql: string) => (await direct.query<RowDataPacket[]>(sql))[0];
  const signInAt = async (app: string, person: string) => {
    const browser = new Browser(app === 'website' ? AGENTS.desktop : AGENTS.wechat);
    const address = `${sample.home}/wechat/login?app=${app}&returnTo=/me`;
    return { browser, me: (await signIn(browser, address, person)).at(-1)!.json<Me>() };
  };

  it('links the identities of one person to one user', async () => {
    const { browser, me } = await signInAt('official', 'ming');
    expect(me).toMatchObject({ signedInAt: 'official', user: { nickname: '小明' } });
    expect(me.accounts).toHaveLength(1);

    const { me: again } = await signInAt('website', 'ming');
    expect(again).toMatchObject({ signedInAt: 'website', user: { id: me.user.id } });
    expect(again.accounts).toHaveLength(2);
    expect(await rows('SELECT id FROM users')).toHaveLength(1);

    const profile = await browser.fetch(`${sample.home}/profile`);
    expect(profile.json()).toMatchObject({ nickname: '小明' });
  });

  it('makes one user of many first logins at once', async () => {
    const apps = ['official', 'website', 'official', 'website', 'official', 'website'];
    const logins = await Promise.all(apps.map((app) => signInAt(app, 'hong')));
    expect(new Set(logins.map(({ me }) => me.user.id)).size).toBe(1);
    expect(logins[0]!.me.user.nickname).toBe('小红🌸');
    expect(await rows('SELECT id FROM users')).toHaveLength(2);
    expect(await rows('SELECT openid FROM wechat_accounts')).toHaveLength(4);
  });

  it('bans one user, and everybody of it is out at once and stays out', async () => {
    const [page, desk] = [await signInAt('official', 'qiang'), await signInAt('website', 'qiang')];
    expect(page.me.user.id).toBe(desk.me.user.id);
    const own = { origin: sample.home, 'sec-fetch-site': 'same-origin' };
    const foreign = { ...own, origin: 'https://evil.example.com', 'sec-fetch-site': 'cross-site' };
    const statuses = () =>
      Promise.all([page, desk].map(async ({ browser }) => (await browser.fetch(`${sample.home}/me`)).status));
    await desk.browser.fetch(`${sample.home}/ban-me`, { method: 'POST', headers: foreign });
    expect(await statuses()).toEqual([200, 200]);
    await desk.browser.fetch(`${sample.home}/ban-me`, { method: 'POST', headers: own });
    expect(await statuses()).toEqual([401, 401]);
    const again = await signIn(
      page.browser,
      `${sample.home}/wechat/login?app=official&returnTo=/me`,
      'qiang',
    );
    expect(again.at(-1)).toMatchObject({ status: 403, body: expect.stringContaining('账号已停用') });
    await direct.query('UPDATE users SET banned = 0 WHERE id = ?', [page.me.user.id]);
  });

  it('holds its linker to the contract', async () => {
    const { stdout } = await promisify(execFile)('npm', ['test', '--ignore-scripts'], {
      cwd: checkout.path(MYSQL),
      env: { ...process.env, MYSQL_URL: mysqlUrl(`${database}_contract`) },
    });
    expect(stdout).toMatch(/^# pass 11$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });

  it('moves the tables of before, and links by what they knew', async () => {
    const { me } = await signInAt('official', 'ming');
    const old = `${database}_old`;
    await direct.query(`CREATE DATABASE ${old} CHARACTER SET utf8mb4`);
    for (const table of ['users', 'wechat_accounts'])
      await direct.query(`CREATE TABLE ${old}.${table} LIKE ${table}`);
    await direct.query(`ALTER TABLE ${old}.users DROP banned, ADD unionid VARCHAR(64)
      CHARACTER SET ascii COLLATE ascii_bin UNIQUE`);
    await direct.query(`ALTER TABLE ${old}.wechat_accounts DROP INDEX app_id, DROP realm, DROP unionid,
      MODIFY user_id INT NULL, ADD last_login_at DATETIME(3) NOT NULL DEFAULT NOW(3)`);
    await direct.query(
      `INSERT INTO ${old}.users (id, unionid) SELECT 70, unionid FROM wechat_unionids WHERE user_id = ?`,
      [me.user.id],
    );
    const [{ openid, appId }] = me.accounts as [Me['accounts'][0]];
    await direct.query(`INSERT INTO ${old}.wechat_accounts (app_id, openid, user_id) VALUES (?, ?, 70)`, [
      appId,
      openid,
    ]);
    await direct.query(`CREATE TABLE ${old}.migrations LIKE migrations`);
    await direct.query(
      `INSERT INTO ${old}.migrations SELECT * FROM migrations WHERE name LIKE 'CreateUsers%'`,
    );
    const moved = await checkout.start(MYSQL, { built: true, env: { MYSQL_URL: mysqlUrl(old) } });
    try {
      for (const app of ['official', 'website']) {
        const browser = new Browser(app === 'website' ? AGENTS.desktop : AGENTS.wechat);
        const address = `${moved.home}/wechat/login?app=${app}&returnTo=/me`;
        expect((await signIn(browser, address, 'ming')).at(-1)!.json()).toMatchObject({ user: { id: 70 } });
      }
    } finally {
      await moved.running.kill();
    }
  });

  it('keeps tokens in the table of the library, sealed', async () => {
    const tokens = await rows("SELECT value FROM wechat_tokens WHERE `key` LIKE 'wechat:%:token:%'");
    expect(tokens).toHaveLength(6);
    expect(String(tokens[0]!['value'])).toMatch(/^v1\./);
  });

  it('starts again on the tables that are there, and knows its people', async () => {
    await expectToStop(sample);
    sample = await checkout.start(MYSQL, { built: true, env });
    const { me } = await signInAt('website', 'ming');
    expect(me.accounts).toHaveLength(2);
    expect(await rows('SELECT id FROM users')).toHaveLength(3);
  });

  it('says in one line that MySQL is missing', async () => {
    const { port, release } = await occupy();
    await release();
    const url = `mysql://root@127.0.0.1:${port}/${database}`;
    await expectOneLine(MYSQL, { MYSQL_URL: url }, /MySQL.*compose\.yaml up/);
  });
});

describe('sample 05, moving from wechat-oauth', () => {
  const database = uniqueName();
  let direct: Connection;

  beforeAll(async () => {
    direct = await createConnection(mysqlUrl(''));
    sample = await checkout.start(MOVING, { env: { MYSQL_URL: mysqlUrl(database) } });
    await direct.query(`USE ${database}`);
  }, BUILD_MS);

  afterAll(async () => {
    await sample?.running.kill();
    await direct.query(`DROP DATABASE IF EXISTS ${database}`);
    await direct.end();
  });

  const rows = async () => (await direct.query<RowDataPacket[]>('SELECT * FROM token'))[0];

  it('shows that an old row works, is refreshed, and stays readable for the old program', async () => {
    const { output } = sample.running;
    const [before, after] = [...output.matchAll(/access_token (\S+)… .*create_at "(\d+)" \((\d+) min\)/g)];
    expect(before![3]).toBe('180');
    expect(output).toMatch(/getUser\("o[\w-]{27}"\) {2}小明/);
    expect(after![3]).toBe('0');
    expect(after![1]).not.toBe(before![1]);
    expect(output).toMatch(/isValid.* true → true\n.* false → true$/m);

    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    expect(row).toEqual({
      access_token: expect.stringMatching(new RegExp(`^${after![1]}`)),
      expires_in: '7200',
      refresh_token: expect.any(String),
      openid: expect.stringMatching(/^o[\w-]{27}$/),
      scope: 'snsapi_userinfo',
      create_at: after![2],
    });
  });

  it('signs in by the guard, and writes the new token into the old table', async () => {
    const browser = new Browser();
    const answers = await signIn(browser, `${sample.home}/me`, 'hong');
    const { openid } = answers.at(-1)!.json();
    expect((await rows()).find((row) => row['openid'] === openid)).toMatchObject({
      expires_in: '7200',
      create_at: expect.stringMatching(/^\d{13}$/),
    });
    const profile = await browser.fetch(`${sample.home}/me/profile`);
    expect(profile.json()).toMatchObject({ openid, nickname: '小红🌸' });
  });

  it('stops on Ctrl+C', async () => {
    await expectToStop(sample);
  });

  it('says in one line that MySQL is missing', async () => {
    const { port, release } = await occupy();
    await release();
    const url = `mysql://root@127.0.0.1:${port}/${database}`;
    await expectOneLine(MOVING, { MYSQL_URL: url }, /MySQL.*compose\.yaml up/);
  });
});

interface Me {
  user: { id: number; nickname: string };
  accounts: { appId: string; openid: string }[];
}

/** Through the mock, whose page takes from these headers who is there and what is pressed. */
function signIn(browser: Browser, address: string, person: string): Promise<Answer[]> {
  return browser.follow(address, {
    headers: { 'x-wechat-mock-user': person, 'x-wechat-mock-answer': 'allow' },
  });
}

function processOf({ headers }: Answer): string {
  return String(headers['x-process']);
}

async function expectOneLine(name: string, env: Record<string, string>, line: RegExp): Promise<void> {
  const start = checkout.launch(name, { built: true, env });
  expect(await start.end()).toBe(1);
  // Before it npm says what it runs.
  const said = start.output.split('\n').filter((text) => text !== '' && !/^(>|npm )/.test(text));
  expect(said).toEqual([expect.stringMatching(line)]);
}

async function expectToStop({ running, home }: RunningSample): Promise<void> {
  running.interrupt();
  // npm ends by the signal itself, whatever the sample says.
  await running.end();
  expect(running.output).toContain('Stopped');
  // Nothing is left that listens.
  await (await occupy(Number(new URL(home).port))).release();
}

async function times<T>(count: number, action: () => Promise<T>): Promise<T[]> {
  const results = [];
  while (results.length < count) results.push(await action());
  return results;
}

function mysqlUrl(name: string): string {
  return `mysql://root@${mariadb.host}:${mariadb.port}/${name}`;
}

/** Also right as the name of a database. */
function uniqueName(): string {
  return `wechat_sample_${randomBytes(6).toString('hex')}`;
}
