// `expect(text).toMatchRecord(file)`: the text must equal a file kept beside these tests; `-u`
// rewrites the file. Not a jest snapshot: those are full of escapes, and these files are read in
// reviews.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- how @types/jest is extended
  namespace jest {
    interface Matchers<R> {
      toMatchRecord(file: string): R;
    }
  }
}

expect.extend({
  toMatchRecord(this: jest.MatcherContext, actual: string, name: string) {
    const file = fileURLToPath(new URL(name, import.meta.url));
    // The only way to see jest's `-u` from inside a test; file snapshot matchers all read it here.
    const { _updateSnapshot } = this.snapshotState as unknown as { _updateSnapshot: string };
    if (_updateSnapshot === 'all') writeFileSync(file, actual);
    const expected = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return {
      pass: actual === expected,
      message: () =>
        `${name} says otherwise; if the change is meant, record it: npm run test:packaging -- -u\n\n` +
        this.utils.diff(expected, actual),
    };
  },
});
