// The tarball installed into two empty applications, compiled against its types and run: an ES
// module on Nest 12 with Express, and CommonJS on Nest 11 with Fastify, where `require()` has to
// load an ES module.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packed, readJson, root, run } from './pack.js';

const { version, peerDependenciesMeta = {} } = readJson<{
  version: string;
  peerDependenciesMeta?: Record<string, unknown>;
}>('package.json');

const compilerOptions = {
  module: 'nodenext',
  target: 'es2022',
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
  // The application has no TypeScript of its own: the repository lends its compiler and Node's
  // types.
  typeRoots: [join(root, 'node_modules/@types')],
};

interface Answer {
  status: number;
  location: string | null;
  body: unknown;
}

describe.each([
  { name: 'ESM, Nest 12, Express', type: 'module', nest: '^12', axios: '^12', adapter: 'express' },
  { name: 'CommonJS, Nest 11, Fastify', type: 'commonjs', nest: '^11', axios: '^4', adapter: 'fastify' },
])('an empty application ($name)', ({ type, nest, axios, adapter }) => {
  let directory: string;
  const tsc = (...args: string[]) =>
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], { cwd: directory });

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'nestjs-wechat-oauth-app-'));
    const manifest = {
      name: 'empty-application',
      private: true,
      type,
      dependencies: {
        '@nestjs/axios': axios,
        '@nestjs/common': nest,
        '@nestjs/core': nest,
        [`@nestjs/platform-${adapter}`]: nest,
        axios: '^1',
        'nestjs-wechat-oauth': `file:${packed().tarball}`,
        'reflect-metadata': '^0.2',
        rxjs: '^7',
      },
    };
    writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
    const source = readFileSync(join(root, 'test/packaging/application/app.ts'), 'utf8')
      .replaceAll('../../../lib/index.js', 'nestjs-wechat-oauth')
      .replaceAll('../../../lib/testing/index.js', 'nestjs-wechat-oauth/testing')
      .replace(
        "ExpressAdapter as Adapter } from '@nestjs/platform-express'",
        `${adapter === 'express' ? 'ExpressAdapter' : 'FastifyAdapter'} as Adapter } from '@nestjs/platform-${adapter}'`,
      );
    writeFileSync(join(directory, 'app.ts'), source);
    // Every entry point that needs no optional package: their declarations are read with the rest.
    const entries = ['push', 'callback', 'redis', 'keyv', 'client'];
    const lines = entries.map((name) => `export * as ${name} from 'nestjs-wechat-oauth/${name}';`);
    writeFileSync(join(directory, 'entries.ts'), lines.join('\n'));
    run('npm', ['install', '--strict-peer-deps', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd: directory,
    });
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('installs it without optional packages', () => {
    const installed = join(directory, 'node_modules/nestjs-wechat-oauth/package.json');
    expect(JSON.parse(readFileSync(installed, 'utf8'))).toMatchObject({ version });
    const optional = Object.keys(peerDependenciesMeta);
    expect(optional.filter((name) => existsSync(join(directory, 'node_modules', name)))).toEqual([]);
  });

  it('compiles against it, and its declarations are sound', () => {
    tsc('--skipLibCheck');
    // A type that a declaration file cannot resolve turns into `any` without a word; errors in
    // other packages are not ours.
    let everything = '';
    try {
      tsc('--noEmit');
    } catch (error) {
      everything = String(error);
    }
    expect(everything.split('\n').filter((line) => line.includes('nestjs-wechat-oauth/'))).toEqual([]);
  });

  it('boots, guards a route and signs somebody in', () => {
    const output = run(process.execPath, ['app.js'], { cwd: directory });
    const { xhr, page, signedIn, sameClass } = JSON.parse(output) as {
      [name in 'xhr' | 'page' | 'signedIn']: Answer;
    } & { sameClass: boolean };

    expect(xhr).toMatchObject({ status: 401, body: { statusCode: 401, code: 'WECHAT_LOGIN_REQUIRED' } });
    expect(page.status).toBe(302);
    expect(page.location).toMatch(/^https:\/\/open\.weixin\.qq\.com\/connect\/oauth2\/authorize\b/);
    expect(signedIn).toMatchObject({ status: 200, body: { openid: 'o-alice', user: { openid: 'o-alice' } } });
    expect(sameClass).toBe(true);
  });

  it('loads axios when a module starts, not with whoever imports a decorator', () => {
    // form-data is CommonJS and comes with axios alone.
    const code =
      "import('nestjs-wechat-oauth').then(({ WechatAuth }) => console.log(typeof WechatAuth, Object.keys(require('node:module')._cache).some((file) => file.includes('form-data'))))";
    expect(run(process.execPath, ['--input-type=commonjs', '-e', code], { cwd: directory })).toBe(
      'function false\n',
    );
  });

  it('finds the mock server as a command', () => {
    expect(run('npx', ['--no-install', 'nestjs-wechat-mock', '--help'], { cwd: directory })).toContain('--');
  });
});
