// `npm run test:matrix`: the suite on every Node and Nest this package supports, each pair in a
// copy of the working tree.
//
//   node test/matrix/run.mjs [--node 20,22,24,current] [--nest 11,12] [--results directory] [-- jest arguments]
//
// `current` is the Node that runs this file, so a CI job may bring its own. `--results` keeps
// jest's JSON reports.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

const { values: flags, positionals: jestArguments } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: '20,22,24' },
    nest: { type: 'string', default: '11,12' },
    results: { type: 'string' },
  },
});

// Only what an application would choose by its Nest version; @nestjs/cli and the schematics build
// the package and stay.
const rangesFor = (nest) => ({
  '@nestjs/common': `^${nest}.0.0`,
  '@nestjs/core': `^${nest}.0.0`,
  '@nestjs/platform-express': `^${nest}.0.0`,
  '@nestjs/platform-fastify': `^${nest}.0.0`,
  '@nestjs/testing': `^${nest}.0.0`,
  '@nestjs/axios': nest === '11' ? '^4.0.0' : `^${nest}.0.0`,
  '@nestjs/swagger': `^${nest}.0.0`,
  '@nestjs/websockets': `^${nest}.0.0`,
  '@nestjs/platform-socket.io': `^${nest}.0.0`,
  '@nestjs/platform-ws': `^${nest}.0.0`,
  // GraphQL counts its own versions, two ahead of Nest's.
  '@nestjs/graphql': `^${Number(nest) + 2}.0.0`,
  '@nestjs/apollo': `^${Number(nest) + 2}.0.0`,
});

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const npm = (...args) =>
  execFileSync('npm', [...args, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: 'inherit',
  });

const temp = mkdtempSync(join(tmpdir(), 'nestjs-wechat-oauth-matrix-'));
const results = resolve(flags.results ?? join(temp, 'results'));
mkdirSync(results, { recursive: true });

/** The version of Node for a cell: npm serves Node itself, as the package `node`. */
function installNode(node) {
  if (node === 'current') return process.execPath;
  const directory = join(temp, `node-${node}`);
  mkdirSync(directory);
  npm('install', '--prefix', directory, `node@${node}`);
  return join(directory, 'node_modules/node/bin/node');
}

/** A copy of the working tree, tracked or not yet, with one major version of Nest installed. */
function installNest(nest) {
  const directory = join(temp, `nest-${nest}`);
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  // A file that was deleted but not yet committed is still listed.
  const files = listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
  for (const file of files) {
    mkdirSync(join(directory, dirname(file)), { recursive: true });
    copyFileSync(join(root, file), join(directory, file));
  }
  const ranges = rangesFor(nest);
  for (const file of files.filter((name) => basename(name) === 'package.json')) {
    const manifest = readJson(join(directory, file));
    for (const group of [manifest.dependencies, manifest.devDependencies]) {
      for (const name of Object.keys(group ?? {})) group[name] = ranges[name] ?? group[name];
    }
    writeFileSync(join(directory, file), JSON.stringify(manifest, null, 2));
  }
  npm('install', '--prefix', directory);
  return directory;
}

function runSuite(node, directory, name) {
  const report = join(results, `${name}.json`);
  // Transformed code must not travel between cells, nor jest's memory of which dependency is an ES
  // module.
  const cache = join(temp, `cache-${name}`);
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '-c', 'test/jest.config.js'];
  const { status, stdout, stderr } = spawnSync(
    node,
    [...jest, '--cacheDirectory', cache, '--json', '--outputFile', report, ...jestArguments],
    { cwd: directory, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) process.stdout.write(`${stdout}\n${stderr}\n`);
  let counts = { numPassedTests: 0, numFailedTests: 0 };
  try {
    counts = readJson(report);
  } catch {
    // jest died before it could report: the status says so.
  }
  return { ok: status === 0, passed: counts.numPassedTests, failed: counts.numFailedTests };
}

const rows = [];
try {
  const nodes = flags.node.split(',').map((node) => installNode(node));
  for (const nest of flags.nest.split(',')) {
    const directory = installNest(nest);
    const core = readJson(join(directory, 'node_modules/@nestjs/core/package.json')).version;
    for (const node of nodes) {
      const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
      const started = Date.now();
      const outcome = runSuite(node, directory, `matrix-node-${version}-nest-${core}`);
      const seconds = Math.round((Date.now() - started) / 1000);
      rows.push({ Node: version, Nest: core, ...outcome, seconds });
      console.log(`Node ${version}, Nest ${core}: ${outcome.ok ? 'passed' : 'FAILED'} (${seconds} s)`);
    }
  }
} finally {
  rmSync(temp, { recursive: true, force: true });
}
console.table(rows);
if (rows.some(({ ok }) => !ok)) process.exitCode = 1;
