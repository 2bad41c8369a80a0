// Every block of code in README and docs: TypeScript compiles, in an ES module on Nest 12 and in
// CommonJS on Nest 11, against the tarball as it would be published; the rest can be read by what
// reads it. The Chinese pages have the same blocks (see pages.spec).
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { packed, root, run } from '../packaging/pack.js';
import { type Block, type Page, pages, pairs } from './pages.js';

const ENGLISH = pairs.map(([path]) => pages.get(path)!).filter(({ blocks }) => blocks.length > 0);
const blocksIn = (page: Page, language: RegExp) =>
  page.blocks.filter((block) => language.test(block.language));
const WITH_TYPES = ENGLISH.filter((page) => blocksIn(page, /^ts$/).length > 0).map(
  (page) => [page.path, page] as const,
);

/** What the blocks import; ranges where the newest would be for the other Nest. */
const dependencies = (nest: '11' | '12') => ({
  '@nestjs/axios': nest === '11' ? '^4' : '^12',
  '@nestjs/common': `^${nest}`,
  '@nestjs/config': nest === '11' ? '^4' : '^12',
  '@nestjs/core': `^${nest}`,
  '@nestjs/graphql': nest === '11' ? '^13' : '^14',
  '@nestjs/jwt': `>=11 <${Number(nest) + 1}`,
  '@nestjs/mongoose': `>=11 <${Number(nest) + 1}`,
  '@nestjs/passport': `>=11 <${Number(nest) + 1}`,
  '@nestjs/platform-express': `^${nest}`,
  '@nestjs/swagger': `^${nest}`,
  '@nestjs/testing': `^${nest}`,
  '@nestjs/typeorm': `>=11 <${Number(nest) + 1}`,
  '@nestjs/websockets': `^${nest}`,
  '@types/express': '^5',
  '@types/jest': '^30',
  '@types/node': '^22',
  '@types/passport-jwt': '^4',
  '@types/pg': '^8',
  '@types/supertest': '^7',
  axios: '^1',
  'drizzle-orm': '^0.45',
  graphql: '^16',
  'https-proxy-agent': '^9',
  ioredis: '^5',
  keyv: '^5',
  mongoose: nest === '11' ? '^8' : '^9',
  'nestjs-pino': '^4',
  'nestjs-wechat-oauth': `file:${packed().tarball}`,
  passport: '^0.7',
  'passport-jwt': '^4',
  pino: '^10',
  'pino-http': '^11',
  'reflect-metadata': '^0.2',
  rxjs: '^7',
  'socket.io-client': '^4',
  supertest: '^7',
  typeorm: nest === '11' ? '^0.3' : '^1',
  // A page shows a server that has moved on; types only.
  pg: '^8',
});

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  noImplicitOverride: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node', 'jest'],
};

describe.each([
  { name: 'ES module, Nest 12', type: 'module', nest: '12' as const },
  { name: 'CommonJS, Nest 11', type: 'commonjs', nest: '11' as const },
])('in an application ($name)', ({ type, nest }) => {
  let directory: string;
  /** Declarations are read once for all pages. */
  const read = new Map<string, ts.SourceFile | undefined>();

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'nestjs-wechat-oauth-docs-'));
    const manifest = { name: 'docs', private: true, type, dependencies: dependencies(nest) };
    writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
    // nestjs-pino has not heard of Nest 12 yet.
    run(
      'npm',
      ['install', '--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'],
      {
        cwd: directory,
      },
    );
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function errorsOf(files: string[]): string[] {
    const options = { ...compilerOptions, typeRoots: [join(directory, 'node_modules/@types')] };
    const host = ts.createCompilerHost(options);
    const readFile = host.getSourceFile.bind(host);
    host.getCurrentDirectory = () => directory;
    host.getSourceFile = (name, ...rest) => {
      if (!name.includes('/node_modules/')) return readFile(name, ...rest);
      if (!read.has(name)) read.set(name, readFile(name, ...rest));
      return read.get(name);
    };
    return ts.getPreEmitDiagnostics(ts.createProgram(files, options, host)).map((one) => {
      const { line } = one.file?.getLineAndCharacterOfPosition(one.start ?? 0) ?? { line: -1 };
      const text = ts.flattenDiagnosticMessageText(one.messageText, ' ');
      return `${one.file?.fileName.slice(directory.length + 1) ?? ''}:${line + 1} ${text}`;
    });
  }

  it.each(WITH_TYPES)('%s compiles', (path, page) => {
    const place = join(directory, path.replace(/\.md$/, ''));
    mkdirSync(place, { recursive: true });
    // What the pages take for granted: a user table, and options that are somewhere.
    cpSync(join(root, 'test/docs/given'), join(place, 'src'), { recursive: true });
    const files = blocksIn(page, /^ts$/).map(({ file, text, line }) => {
      const target = join(place, file ?? `src/line-${line}.ts`);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
      return target;
    });
    expect(new Set(files).size).toBe(files.length);
    expect(errorsOf(files)).toEqual([]);
  });
});

/** Fails with what is wrong in a block. */
const readers: Record<string, (text: string) => void> = {
  js(text) {
    const { diagnostics = [] } = ts.transpileModule(text, {
      reportDiagnostics: true,
      compilerOptions: { allowJs: true, module: ts.ModuleKind.ESNext },
      fileName: 'block.js',
    });
    if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics.map((one) => one.messageText)));
  },
  json: (text) => void JSON.parse(text),
  sh: (text) => void execFileSync('bash', ['-n'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] }),
  ini(text) {
    for (const line of text.split('\n'))
      if (!/^(#.*|[A-Z_]+=\S*|)$/.test(line)) throw new Error(`odd line: ${line}`);
  },
  /** Braces that match, and every directive ended. */
  nginx(text) {
    const bare = text.replace(/#.*$/gm, '').trim();
    let depth = 0;
    for (const character of bare) {
      if (character === '{') depth++;
      if (character === '}' && --depth < 0) throw new Error('a brace too many');
    }
    if (depth !== 0) throw new Error('a brace is not closed');
    for (const line of bare.split('\n').map((one) => one.trim()))
      if (line !== '' && !/[;{}]$/.test(line)) throw new Error(`not ended: ${line}`);
  },
};

const OTHERS = ENGLISH.flatMap((page) =>
  blocksIn(page, /^(?!ts$)/).map(
    (block) => [page.path, block.line, block.language, block] as [string, number, string, Block],
  ),
);

it.each(OTHERS)('%s:%d (%s) can be read', (_path, _line, language, { text }) => {
  // Drawings and logs, and languages whose tools are not here.
  if (['text', 'prisma', 'sql', 'yaml'].includes(language)) return;
  expect(Object.keys(readers)).toContain(language);
  expect(() => readers[language]!(text)).not.toThrow();
});
