// The mistakes of a first evening, each in an application of its own with NODE_ENV=production, and
// what is on the screen then: mistakes.txt keeps the exact words, to be read in reviews. Whoever
// made the mistake must see from it what to do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packed, root, run } from './pack.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'nestjs-wechat-oauth-mistakes-'));
  const dependencies = {
    '@nestjs/axios': '^12',
    '@nestjs/common': '^12',
    '@nestjs/core': '^12',
    '@nestjs/platform-express': '^12',
    axios: '^1',
    'nestjs-wechat-oauth': `file:${packed().tarball}`,
    'reflect-metadata': '^0.2',
    rxjs: '^7',
  };
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: directory });
  cpSync(join(root, 'test/packaging/application/mistakes.mjs'), join(directory, 'mistakes.mjs'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const wordsOf = (screen: string) =>
  screen
    // oxlint-disable-next-line no-control-regex -- colours
    .replace(/\u001b\[\d+m/g, '')
    .split('\n')
    .map((line) => line.replace(/^\[Nest\] \d+ +- .*? (?=(LOG|WARN|ERROR|FATAL) )/, '').trimEnd())
    .filter((line) => /^(WARN|ERROR|FATAL) |^- option |^\w*Error: /.test(line.trimStart()))
    .map((line) => line.trim());

/** What the application said before it ended, by itself or because it does not start. */
async function screenOf(mistake: string): Promise<string[]> {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const child = spawn(process.execPath, ['mistakes.mjs', mistake], {
    cwd: directory,
    env: { ...environment, NODE_ENV: 'production', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let screen = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (screen += text));
  const [code] = (await once(child, 'close')) as [number];
  return [code === 0 ? 'starts' : 'does not start', ...wordsOf(screen)];
}

it('says of each mistake what to do', async () => {
  const names = JSON.parse(
    run(process.execPath, ['mistakes.mjs', '--names'], { cwd: directory }),
  ) as string[];
  const told: string[] = [];
  // Two at a time, as there are processors.
  for (let index = 0; index < names.length; index += 2) {
    const pair = names.slice(index, index + 2);
    const screens = await Promise.all(pair.map(screenOf));
    pair.forEach((name, at) => told.push([`## ${name}`, ...screens[at]!].join('\n')));
  }
  const table = `${told.join('\n\n')}\n`;
  expect(table).not.toContain('7d1f0c5a93be48d26f0a1c9e5b374d80');
  expect(table).not.toContain('Y2FuYXJ5LXNlc3Npb24');
  // A mistake that nobody hears of is worse than one that stops the start.
  expect(told.filter((one) => one.split('\n').length < 3)).toEqual([]);
  expect(table).toMatchRecord('mistakes.txt');
});
