// What must be right before a version is published: node .ci/release-check.mjs [--tag v1.2.3]
// [--cwd <folder>] Prints everything that is not, each with what to do, and then exits with 1.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dayOf, entriesIn, readSections, sectionOf } from './changelog.mjs';

const { values: flags } = parseArgs({
  options: { tag: { type: 'string' }, cwd: { type: 'string', default: process.cwd() } },
});
const read = (file) => (existsSync(join(flags.cwd, file)) ? readFileSync(join(flags.cwd, file), 'utf8') : '');
const { version, repository, bugs, homepage } = JSON.parse(read('package.json'));
const wrong = [];

/** Stands where only the owner of the repository knows what to write. */
const PLACEHOLDER = /OWNER/;
for (const [name, value] of Object.entries({ repository, bugs, homepage })) {
  const text = typeof value === 'string' ? value : (value?.url ?? '');
  if (text === '') wrong.push(`package.json has no ${name}. Write its address.`);
  else if (PLACEHOLDER.test(text))
    wrong.push(`package.json: ${name} is a placeholder. Write your repository in place of OWNER.`);
}

const forms = '.github/ISSUE_TEMPLATE/config.yml';
if (PLACEHOLDER.test(read(forms)))
  wrong.push(`${forms}: the address is a placeholder. Write your repository in place of OWNER.`);

if (!/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version ?? '')) {
  wrong.push(`package.json: "${version}" is no version. Write one like 1.2.3.`);
}
const sections = readSections(read('CHANGELOG.md'));
const section = sectionOf(sections, version);
if (section === undefined) {
  wrong.push(
    `CHANGELOG.md has no section for ${version}. Write "## ${version} - <date>" and what has changed.`,
  );
} else {
  if (dayOf(section) === undefined) {
    wrong.push(`CHANGELOG.md: the section of ${version} has no date. Write "## ${version} - 2027-01-31".`);
  }
  if (entriesIn(section) === 0) {
    wrong.push(
      `CHANGELOG.md: the section of ${version} is empty. Write what has changed, a line that begins with "- " each.`,
    );
  }
}
// They would go out with this version and be told with another.
if (sections.some((one) => /unreleased/i.test(one.heading) && one !== section && entriesIn(one) > 0)) {
  wrong.push(`CHANGELOG.md: there are entries under "Unreleased". Move them to the section of ${version}.`);
}

if (flags.tag !== undefined && flags.tag !== `v${version}`) {
  wrong.push(`The tag is "${flags.tag}" and the version ${version}. Tag it v${version}.`);
}
const changed = execFileSync('git', ['status', '--porcelain'], { cwd: flags.cwd, encoding: 'utf8' });
if (changed !== '') wrong.push('Files are not committed. Commit or remove them; `git status` names them.');

for (const line of wrong) console.error(`- ${line}`);
if (wrong.length === 0) console.log(`${version} is ready.`);
process.exitCode = wrong.length === 0 ? 0 : 1;
