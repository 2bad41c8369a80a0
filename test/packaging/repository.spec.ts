// What the repository must not give away or depend on: private registries, and places on somebody's
// machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root, run } from './pack.js';

const files = run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'])
  .split('\0')
  .filter((file) => file !== '' && !/\.(png|jpe?g|gif|ico|woff2?)$/.test(file));

interface Locked {
  resolved?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}

const { packages } = readJson<{ packages: Record<string, Locked> }>('package-lock.json');

const linesWith = (pattern: RegExp): string[] =>
  files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );

it('locks packages of the public registry only', () => {
  const foreign = Object.entries(packages).filter(
    ([, { resolved, link }]) => resolved && !link && !resolved.startsWith('https://registry.npmjs.org/'),
  );
  expect(foreign).toEqual([]);
});

it('names no other registry and no credentials for one', () => {
  expect(
    linesWith(
      /https?:\/\/(?!registry\.npmjs\.org\b)[\w.-]*(registry|npm-proxy|nexus|artifactory)[\w.-]*[:/]/i,
    ),
  ).toEqual([]);
  expect(linesWith(/^\s*(\/\/\S+:)?_(auth|authToken|password)\s*=/)).toEqual([]);
});

it('holds no path of a particular machine', () => {
  expect(linesWith(/(?<![\w.$}-])\/(work|root|home\/\w+|Users\/\w+)\/[\w.]/)).toEqual([]);
});

it('locks native packages for every platform, or `npm ci` refuses the lock', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  );
  // `node .ci/complete-lock.mjs` adds them.
  expect(missing).toEqual([]);
});
