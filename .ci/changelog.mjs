// The changelog, by its sections. As a command it prints what has changed in one version, for the
// notes of a release: node .ci/changelog.mjs 1.2.3
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The sections of a changelog's text, and what one can ask of them. */
export function readChanges(text) {
  const sections = text
    .split(/^(?=## )/m)
    .filter((part) => part.startsWith('## '))
    .map((part) => {
      const [heading, ...body] = part.split('\n');
      return { heading, body: body.join('\n').trim() };
    });
  const entries = ({ body }) => body.split('\n').filter((line) => /^- +\S/.test(line)).length;
  return { sections, entries, dayOf };
}

/** The day at the end of a heading; undefined for none, and for a day that no calendar has. */
function dayOf(heading) {
  const day = / - (\d{4}-\d{2}-\d{2})$/.exec(heading)?.[1];
  // Date takes 31 February for 3 March, so what comes back is compared.
  const time = Date.parse(day ?? '');
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day ? undefined : day;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const version = process.argv[2];
  const { sections } = readChanges(readFileSync('CHANGELOG.md', 'utf8'));
  const section = sections.find(({ heading }) => heading.startsWith(`## ${version} `));
  if (section === undefined) {
    console.error(`CHANGELOG.md has no section for ${version}.`);
    process.exitCode = 1;
  } else console.log(section.body);
}
