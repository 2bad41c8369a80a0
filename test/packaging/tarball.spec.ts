// The tarball itself: exactly the files that are meant, in a shape that npm, bundlers and
// TypeScript understand.
import { join } from 'node:path';
import { packed, root, run } from './pack.js';

const tool = (name: string): string => join(root, 'node_modules/.bin', name);

it('holds the files that tarball-files.txt records', () => {
  expect(`${packed().files.join('\n')}\n`).toMatchRecord('tarball-files.txt');
});

it('holds the documents, and neither sources nor tests nor source maps', () => {
  const { files } = packed();
  expect(files).toEqual(
    expect.arrayContaining(['CHANGELOG.md', 'LICENSE', 'README.md', 'README.zh-CN.md', 'package.json']),
  );
  expect(files.filter((file) => /\.map$|\.spec\.|\.tsbuildinfo$|(?<!\.d)\.[cm]?tsx?$/.test(file))).toEqual(
    [],
  );
});

it('passes publint', () => {
  expect(() => run(tool('publint'), ['run', packed().tarball, '--strict'])).not.toThrow();
});

it('passes attw for a package that is ESM only', () => {
  // Offline: the package brings its own types, nothing of DefinitelyTyped could add to them.
  const options = ['--profile', 'esm-only', '--no-definitely-typed', '--no-emoji', '--no-color'];
  expect(() => run(tool('attw'), [packed().tarball, ...options])).not.toThrow();
});
