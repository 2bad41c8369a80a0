// The workflows hold what they are given: no action that can change under its name, no right that
// nobody asked for, no job that runs for ever, no token left in the checkout.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pack.js';

const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}));
/** The text of each job, by the indentation that YAML gives it. */
const jobsOf = (text: string) =>
  text
    .slice(text.search(/^jobs:$/m))
    .split(/^ {2}(?=[a-z]+:$)/m)
    .slice(1);

it('looks at all of them', () => {
  expect(workflows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['ci.yml', 'release.yml', 'stores.yml']),
  );
  expect(workflows.every(({ name }) => name.endsWith('.yml'))).toBe(true);
});

describe.each(workflows)('$name', ({ text }) => {
  it('pins every action to a commit, with the version beside it', () => {
    const uses = text.split('\n').filter((line) => /\buses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('begins without any right, and each job names its own', () => {
    expect(text).toMatch(/^permissions: \{\}$/m);
    expect(jobsOf(text).length).toBeGreaterThan(0);
    for (const job of jobsOf(text)) expect(job).toMatch(/^ {4}permissions:$/m);
    expect(text).not.toMatch(/write-all|read-all|pull_request_target/);
  });

  it('gives every job a time to end', () => {
    for (const job of jobsOf(text)) expect(job).toMatch(/^ {4}timeout-minutes: \d+$/m);
  });

  it('leaves no token behind in a checkout', () => {
    const checkouts = text.split(/^ {6}- /m).filter((step) => step.includes('actions/checkout@'));
    for (const step of checkouts) expect(step).toContain('persist-credentials: false');
  });

  it('puts nothing from outside into a shell', () => {
    for (const line of text.split('\n').filter((one) => /^\s*(- )?run:/.test(one))) {
      expect(line.replaceAll(/\$\{\{ matrix\.[a-z]+ \}\}/g, '')).not.toContain('${{');
    }
  });
});

it('only what publishes may ask for an identity, and only what writes the notes may write', () => {
  const jobs = workflows.flatMap(({ text }) => jobsOf(text));
  const writers = jobs.filter((job) => /: write$/m.test(job)).map((job) => job.split(':')[0]);
  expect(writers).toEqual(['publish', 'notes']);
});
