// npm run bench [-- --rounds 11] [--only guard,calls,refresh,login,crowd,redis,heap,scan-wait,start]
//
// Runs every side in turn and prints ratios. The sides of a ratio are measured in the same rounds of
// the same run, so a slow or busy machine makes both slower. `--write` keeps the tables in RESULTS.md.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';
import { stopAll } from './processes.mjs';

/** The commit that `docs/performance.md` compares with. */
const BEFORE = 'b1ec922';
const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    only: { type: 'string', default: 'guard,apps,calls,refresh,login,crowd,redis,heap,scan-wait,start' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const adapters = ['fastify', 'express'];
const two = (number) => number.toFixed(2);
const whole = (number) => String(Math.round(number));

const parts = {
  async guard() {
    const { measureGuard, SIDES } = await import('./guard.mjs');
    const found = {};
    for (const adapter of adapters) found[adapter] = await measureGuard({ adapter, rounds });
    const rows = Object.keys(found.express).map((name) => [
      name,
      SIDES[name].at(-1),
      ...adapters.flatMap((adapter) => {
        if (!found[adapter][name]) return ['–', '–'];
        const { base, side, ratio } = found[adapter][name];
        return [`${whole(base)}, ${whole(side)}`, two(ratio)];
      }),
    ]);
    return table(
      'Requests per second of one processor ÷ those of the other side',
      ['a', 'b', 'Fastify: µs of b, of a', 'a ÷ b', 'Express: µs of b, of a', 'a ÷ b'],
      rows,
    );
  },

  async apps() {
    const { measureGuard } = await import('./guard.mjs');
    const name = 'ours, one session';
    const rows = [];
    for (const APPS of ['1', '10', '100', '1000']) {
      const found = await measureGuard({ adapter: 'fastify', rounds, only: [name], env: { APPS } });
      rows.push([APPS, two(found[name].ratio)]);
    }
    return table(
      'The same by configured apps, Fastify: a session ÷ a map look-up of the same process',
      ['apps', 'a ÷ b'],
      rows,
    );
  },

  async calls() {
    const { LIBRARIES, measureLogins } = await import('./login-cpu.mjs');
    const rows = [];
    for (const what of ['login', 'getUser']) {
      const sides = LIBRARIES.filter(
        (one) => one !== 'ours' && !(what === 'getUser' && one === 'nest-wechat'),
      );
      const found = await measureLogins({ what, rounds, sides });
      for (const [name, { base, side, ratio }] of Object.entries(found)) {
        rows.push([
          what === 'login' ? 'code, token, profile' : 'profile of a stored token',
          name,
          whole(base),
          whole(side),
          two(ratio),
        ]);
      }
    }
    return table(
      'Processor time of a service',
      ['what', 'beside', 'ours, µs', 'theirs, µs', 'ours ÷ theirs'],
      rows,
    );
  },

  async refresh() {
    const { measureRefresh } = await import('./login-cpu.mjs');
    const { base, side, ratio } = await measureRefresh({ rounds });
    return table(
      'A thousand callers on one expired token, WeChat answering in 50 ms: wall time',
      ['1,000 callers, ms', 'one caller, ms', '÷'],
      [[two(base / 1_000), two(side / 1_000), two(ratio)]],
    );
  },

  async login() {
    const { measureWholeLogin } = await import('./whole-login.mjs');
    const rows = [];
    for (const adapter of adapters) {
      const { base, side, ratio } = await measureWholeLogin({ adapter, rounds });
      rows.push([adapter, whole(base), whole(side), two(1 / ratio)]);
    }
    return table(
      'A whole login through HTTP (302, callback, page) ÷ three requests of an unguarded route',
      ['', 'three requests, µs', 'a login, µs', '÷'],
      rows,
    );
  },

  async crowd(before) {
    if (!before) return '';
    const { measureCrowd } = await import('./whole-login.mjs');
    const rows = [];
    for (const adapter of adapters) {
      const found = await measureCrowd({ adapter, rounds: 5, packages: [before, 'nestjs-wechat-oauth'] });
      const [old, own] = [found[before], found['nestjs-wechat-oauth']];
      rows.push([adapter, `${own.isIn} of 2,000`, whole(old.ms), whole(own.ms), two(own.ms / old.ms)]);
      rows.push([`${adapter}, p99 of others`, '', whole(old.p99), whole(own.p99), two(own.p99 / old.p99)]);
    }
    return table(
      `2,000 callbacks at one moment, WeChat answering in 50 ms, beside ${BEFORE}`,
      ['', 'in', 'before, ms', 'now, ms', '÷'],
      rows,
    );
  },

  async redis() {
    const { measureRedis } = await import('./redis.mjs');
    const found = await measureRedis({ processes: [1, 2, 4, 8] });
    const rows = Object.entries(found).map(([many, { perSecond, commands, cpu }]) => [
      many,
      whole(perSecond),
      commands.toFixed(1),
      whole(cpu),
    ]);
    return table(
      'Whole logins with one Redis on the same machine',
      ['processes', 'logins a second', 'commands a login', 'µs of Redis a login'],
      rows,
    );
  },

  async heap() {
    const { measureHeap } = await import('./heap.mjs');
    const rows = Object.entries(await measureHeap()).map(([what, figure]) => [what, figure.toFixed(0)]);
    return table('Memory, with 100,000 people', ['what', ''], rows);
  },

  /** 10,000 sockets at each end: `ulimit -n 20000` first. */
  async 'scan-wait'() {
    const { measureWaiting } = await import('./scan-wait.mjs');
    const rows = [];
    const sides = [
      ['node:http alone', { adapter: 'node', file: 'waiting-bare.mjs' }],
      ['express alone', { adapter: 'express', file: 'waiting-bare.mjs' }],
      ...adapters.map((adapter) => [`ours, ${adapter}`, { adapter }]),
    ];
    for (const [name, side] of sides) {
      const found = await measureWaiting(side);
      rows.push([
        name,
        whole(found.stillOpen),
        `${whole(found.rss)}, ${whole(found.rssLater)}`,
        `${whole(found.heap)}, ${whole(found.heapLater)}`,
        `${found.timersBefore}, ${found.timers}`,
      ]);
    }
    return table(
      '9,900 browsers more that wait for a phone, beside 100, in one process',
      [
        '',
        'open after 20 s',
        'RSS they add, MB: at once, after 20 s',
        'heap they add, MB: at once, after 20 s',
        'timers started in 5 s: with 100, with all',
      ],
      rows,
    );
  },

  async start() {
    const { measureStart } = await import('./start-time.mjs');
    const rows = Object.entries(measureStart({ rounds })).map(([what, { ours, passport }]) => [
      what === 'import' ? 'import of the root entry' : 'start, without imports',
      whole(ours),
      whole(passport),
      two(ours / passport),
    ]);
    return table(
      'Start of an application, beside @nestjs/passport with passport-jwt',
      ['', 'ours, ms', 'theirs, ms', '÷'],
      rows,
    );
  },
};

function table(title, head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const text = `## ${title}\n\n${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
  console.log(text);
  return text;
}

function versions() {
  const require = createRequire(import.meta.url);
  const { dependencies } = require('./package.json');
  return Object.keys(dependencies)
    .map(
      (name) =>
        `${name} ${require(fileURLToPath(new URL(`node_modules/${name}/package.json`, import.meta.url))).version}`,
    )
    .join(', ');
}

const before = prepare(BEFORE);
const tables = [];
for (const name of flags.only.split(',')) tables.push(await parts[name](before));
stopAll();
if (flags.write) {
  const head =
    '# Results\n\n' +
    `The last run of \`npm run bench -- --write\`, ${new Date().toISOString().slice(0, 10)}, commit ` +
    `${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()}: Node ${process.version}, ` +
    `${cpus().length} × ${cpus()[0].model.trim()}, ${rounds} rounds. Server and load on a core each; times are of the ` +
    'processor of the server, medians. A ratio is the median of the ratios of the rounds. What was aimed at: ' +
    '[TARGETS.md](./TARGETS.md).\n\n' +
    `Versions: ${versions()}.\n\n`;
  const file = fileURLToPath(new URL('RESULTS.md', import.meta.url));
  writeFileSync(file, head + tables.filter(Boolean).join('\n'));
  execFileSync('npx', ['prettier', '--write', file], { stdio: 'ignore' });
}
process.exit();
