// The changelog, by its sections. As a command it prints what has changed in one version, for the
// notes of a release: node .ci/changelog.mjs 1.2.3
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The sections of a changelog's text. */
export function readSections(text) {
  return text
    .split(/^(?=## )/m)
    .filter((part) => part.startsWith('## '))
    .map((part) => {
      const [heading, ...body] = part.split('\n');
      return { heading, body: body.join('\n').trim() };
    });
}

/** The section of a version, if it has one. */
export function sectionOf(sections, version) {
  return sections.find(({ heading }) => heading.startsWith(`## ${version} `));
}

/** How many things it tells. */
export function entriesIn({ body }) {
  return body.split('\n').filter((line) => /^- +\S/.test(line)).length;
}

/** The day at the end of its heading; undefined for none, and for a day that no calendar has. */
export function dayOf({ heading }) {
  const day = / - (\d{4}-\d{2}-\d{2})$/.exec(heading)?.[1];
  // Date takes 31 February for 3 March, so what comes back is compared.
  const time = Date.parse(day ?? '');
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day ? undefined : day;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const version = process.argv[2];
  const section = sectionOf(readSections(readFileSync('CHANGELOG.md', 'utf8')), version);
  if (section === undefined) {
    console.error(`CHANGELOG.md has no section for ${version}.`);
    process.exitCode = 1;
  } else console.log(section.body);
}
