// `npm run test:mutation`: plants small faults, one at a time, and tells which of them no test
// notices.
//
//   npm run test:mutation -- [--rooms errors,sealing,tokens,api,auth] [--files part of a path] [--sample 1] [--jobs 2] [--deep] [--report file.json]
//
// A mutant meets the spec that is named for its file first, then the unit specs of its room, then
// the end-to-end specs of its subject; with `--deep` whatever is left meets all of those.
// `--sample 0.1` takes every tenth mutant, the same ones each time. Exit 1 when fewer than 90 %
// die.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const WANTED = 0.9;
/**
 * A mutant that makes a loop endless is noticed by the clock; all end-to-end specs in a row take
 * longer than any loop may.
 */
const LIMIT_MS = 180_000;
const DEEP_LIMIT_MS = 1_200_000;
/**
 * Where a file meets Nest, browsers and proxies, what it does is said end to end: the specs of its
 * subject. The others have unit specs that say everything.
 */
const SUBJECTS = {
  'app-choice': ['hooks', 'problems'],
  'ask-hook': ['hooks'],
  'attached-identity': ['let-in', 'user-pipes'],
  'code-claims': ['fleet', 'scenes'],
  'code-login': ['controller', 'failures'],
  'guard-setup': ['module', 'without-module'],
  'header-budget': ['header-budget'],
  'response-writer': ['begun-answers', 'problems', 'address-bar'],
  'login-address': ['login-address', 'controller'],
  'login-callback': ['login', 'failures'],
  'callback-answer': ['failures', 'silent'],
  'login-start': ['silent', 'scenes'],
  'problem-page': ['problems'],
  'problem-factory': ['problems', 'origins', 'login-address'],
  'request-of-context': ['graphql', 'websocket'],
  'wechat-auth.decorator': ['module', 'applications'],
  'silent-attempts': ['silent'],
  'warn-once': ['hooks', 'operations'],
  'wechat-auth.controller': ['controller', 'signing-out', 'operations'],
  'wechat-auth.guard': ['applications', 'begun-answers', 'extending', 'module', 'graphql', 'websocket'],
  'wechat-session.service': ['session-life', 'revocation', 'sessions'],
  'wechat-user.decorator': ['user-pipes'],
};
const DECISIONS = [
  'login/login-judge',
  'login/login-callback-verdicts',
  'login/login-start',
  'login/visit',
  'session/session-reader',
].map((path) => `test/unit/auth/${path}.spec.ts`);

const { values: flags } = parseArgs({
  options: {
    rooms: { type: 'string', default: 'errors,sealing,tokens,api,auth' },
    files: { type: 'string', default: '' },
    sample: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    deep: { type: 'boolean', default: false },
    report: { type: 'string' },
  },
});

const temp = mkdtempSync(join(tmpdir(), 'nestjs-wechat-oauth-mutation-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));

/**
 * A copy of what the tests need, so that several mutants can live at a time and none in the working
 * tree.
 */
function makePlace(number) {
  const place = join(temp, String(number));
  for (const name of ['lib', 'test', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, name), join(place, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
  return place;
}

/**
 * The specs that judge a file, nearest first; each list only meets what the one before let live.
 */
function judgesOf(file) {
  const room = file.split('/')[1];
  const own = file.replace(/^lib/, 'test/unit').replace(/\.ts$/, '.spec.ts');
  const judges = existsSync(join(root, own)) ? [[own]] : [];
  // Where a login decides, these see most, and much sooner than the whole room.
  if (room === 'auth') judges.push(DECISIONS);
  judges.push([`test/unit/${room}/`]);
  const subjects = SUBJECTS[basename(file, '.ts')];
  if (subjects) judges.push(subjects.map((name) => `test/e2e/${name}.e2e-spec.ts`));
  if (flags.deep) judges.push(['test/unit/client/', 'test/e2e/']);
  return judges;
}

/** Whether the specs pass: `false` is a dead mutant. */
function passes(place, specs, limit = specs.includes('test/e2e/') ? DEEP_LIMIT_MS : LIMIT_MS) {
  return new Promise((resolve) => {
    const jest = join(place, 'node_modules/jest/bin/jest.js');
    const child = spawn(
      process.execPath,
      [
        '--experimental-vm-modules',
        jest,
        '-c',
        'test/jest.config.js',
        '--bail',
        '--silent',
        '--runInBand',
        ...specs,
      ],
      { cwd: place, stdio: 'ignore' },
    );
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

const files = flags.rooms
  .split(',')
  .flatMap((room) =>
    readdirSync(join(root, 'lib', room), { recursive: true }).map((name) => `lib/${room}/${name}`),
  )
  .filter((file) => file.endsWith('.ts') && file.includes(flags.files));
const every = Math.round(1 / Number(flags.sample));
const mutants = files
  .flatMap((file) =>
    mutantsOf(file, readFileSync(join(root, file), 'utf8')).map((mutant) => ({ file, ...mutant })),
  )
  .filter((_, index) => index % every === 0);
console.log(`${mutants.length} mutants in ${files.length} files`);

const places = Array.from({ length: Number(flags.jobs) }, (_, number) => makePlace(number));
// A suite that fails by itself would kill every mutant.
const judges = [...new Set(mutants.flatMap(({ file }) => judgesOf(file).flat()))];
if (!(await passes(places[0], judges, DEEP_LIMIT_MS))) {
  console.error('The specs fail without any mutant: nothing can be told.');
  process.exit(2);
}

const survivors = [];
let next = 0;
await Promise.all(
  places.map(async (place) => {
    while (next < mutants.length) {
      const mutant = mutants[next++];
      const path = join(place, mutant.file);
      writeFileSync(path, mutant.mutated);
      let lives = true;
      for (const specs of judgesOf(mutant.file)) lives &&= await passes(place, specs);
      cpSync(join(root, mutant.file), path);
      if (lives) {
        survivors.push(mutant);
        console.log(`survived  ${mutant.place}  ${mutant.what}`);
      }
    }
  }),
);

const byRoom = {};
for (const { file } of mutants) (byRoom[dirname(file)] ??= { mutants: 0, survived: 0 }).mutants++;
for (const { file } of survivors) byRoom[dirname(file)].survived++;
console.table(byRoom);
if (flags.report)
  writeFileSync(
    flags.report,
    JSON.stringify({ byRoom, survivors: survivors.map(({ place, what }) => ({ place, what })) }, null, 2),
  );
const share = 1 - survivors.length / mutants.length;
console.log(`${(share * 100).toFixed(1)} % of ${mutants.length} mutants died`);
process.exitCode = share >= WANTED ? 0 : 1;
