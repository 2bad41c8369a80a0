// Nothing is published by mistake: what `.ci/release-check.mjs` refuses, and that it lets a good
// release through.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, root, run } from './pack.js';

const GOOD = {
  version: '1.2.3',
  repository: { type: 'git', url: 'git+https://github.com/somebody/shop.git' },
  bugs: { url: 'https://github.com/somebody/shop/issues' },
  homepage: 'https://github.com/somebody/shop#readme',
};
const CHANGES = '# Changelog\n\n## 1.2.3 - 2027-01-31\n\n- Everything.\n';
let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'release-check-'));
  run('git', ['init', '--quiet'], { cwd: place });
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function check(manifest: object, changes: string, args: string[] = [], commit = true) {
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(place, 'CHANGELOG.md'), changes);
  const as = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  if (commit) {
    run('git', ['add', '.'], { cwd: place });
    run('git', [...as, 'commit', '--quiet', '--message', 'all'], { cwd: place });
  }
  const script = join(root, '.ci/release-check.mjs');
  return spawnSync(process.execPath, [script, '--cwd', place, ...args], { encoding: 'utf8' });
}

it('lets through what is ready', () => {
  const { status, stdout, stderr } = check(GOOD, CHANGES, ['--tag', 'v1.2.3']);
  expect([status, stdout, stderr]).toEqual([0, '1.2.3 is ready.\n', '']);
});

it('takes an empty section for what comes next, and the 29th of February of a leap year', () => {
  const changes = CHANGES.replace('2027-01-31', '2028-02-29');
  expect(check(GOOD, `## Unreleased\n\n${changes}`).stderr).toBe('');
});

it('prints what has changed in a version, for the notes of its release', () => {
  check(GOOD, `${CHANGES}\n## 1.2.2 - 2027-01-30\n\n- Old.\n`);
  const print = (version: string) =>
    spawnSync(process.execPath, [join(root, '.ci/changelog.mjs'), version], { cwd: place, encoding: 'utf8' });
  expect(print('1.2.3').stdout).toBe('- Everything.\n');
  expect(print('1.2.2').stdout).toBe('- Old.\n');
  expect(print('1.2').status).toBe(1);
});

it.each<[what: string, manifest: object, changes: string, args: string[], said: RegExp]>([
  ['a placeholder', { ...GOOD, homepage: 'https://github.com/OWNER/x' }, CHANGES, [], /homepage is a placeholder/],
  ['a placeholder in an object', { ...GOOD, bugs: { url: 'https://github.com/OWNER/x' } }, CHANGES, [], /bugs is a placeholder/],
  ['no repository', { ...GOOD, repository: undefined }, CHANGES, [], /has no repository/],
  ['no version', { ...GOOD, version: undefined }, CHANGES, [], /is no version/],
  ['a version of another kind', { ...GOOD, version: 'v1' }, CHANGES, [], /is no version/],
  ['no section', GOOD, '# Changelog\n\n## 1.2.2 - 2027-01-31\n', [], /no section for 1\.2\.3/],
  ['a section of a longer version', GOOD, '## 1.2.30 - 2027-01-31\n', [], /no section for 1\.2\.3/],
  ['a section that is not released', GOOD, '## 1.2.3 - unreleased\n', [], /has no date/],
  ['a day there is not', GOOD, '## 1.2.3 - 2027-13-31\n', [], /has no date/],
  ['a day that this month has not', GOOD, CHANGES.replace('01-31', '02-31'), [], /has no date/],
  ['a section without an entry', GOOD, '## 1.2.3 - 2027-01-31\n\n### Fixed\n', [], /is empty/],
  ['entries of the version before only', GOOD, '## 1.2.3 - 2027-01-31\n\n## 1.2.2 - 2027-01-30\n\n- Old.\n', [], /is empty/],
  ['entries that belong to no version', GOOD, `## Unreleased\n\n- Forgotten.\n\n${CHANGES}`, [], /entries under "Unreleased"/],
  ['such entries with brackets', GOOD, `## [Unreleased]\n\n### Added\n\n- Forgotten.\n\n${CHANGES}`, [], /entries under "Unreleased"/],
  ['another tag', GOOD, CHANGES, ['--tag', 'v1.2.4'], /Tag it v1\.2\.3/],
  ['a tag without its letter', GOOD, CHANGES, ['--tag', '1.2.3'], /Tag it v1\.2\.3/],
])('refuses %s', (_what, manifest, changes, args, said) => {
  const { status, stderr } = check(manifest, changes, args);
  expect(status).toBe(1);
  expect(stderr).toMatch(said);
}); // prettier-ignore

it('refuses a placeholder that an issue form leads to', () => {
  mkdirSync(join(place, '.github/ISSUE_TEMPLATE'), { recursive: true });
  writeFileSync(join(place, '.github/ISSUE_TEMPLATE/config.yml'), 'url: https://github.com/OWNER/x/new\n');
  expect(check(GOOD, CHANGES).stderr).toMatch(/config\.yml: .* is a placeholder/);
});

it('refuses files that are not committed, and says all that is wrong at once', () => {
  const { status, stderr } = check({ version: '1.2.3' }, '', [], false);
  expect(status).toBe(1);
  expect(stderr.trim().split('\n')).toHaveLength(5);
  expect(stderr).toContain('not committed');
});

it('knows the placeholders of this very repository, for as long as it has some', () => {
  const { stderr } = spawnSync(process.execPath, ['.ci/release-check.mjs'], { cwd: root, encoding: 'utf8' });
  const hasPlaceholder = JSON.stringify(readJson('package.json')).includes('/OWNER/');
  expect(stderr.includes('homepage is a placeholder')).toBe(hasPlaceholder);
});
