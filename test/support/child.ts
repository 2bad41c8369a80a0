// Runs a script in a process of its own, against the library as plain JavaScript: the only way to see whether something keeps a process alive.
import { transformFileSync } from '@swc/core';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const LIB = join(ROOT, 'lib');

export interface ChildResult {
  /** Null when the process had to be killed. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * @param folders folders of `lib` that the script imports from, `'.'` for the files beside them
 * @param script an ES module; imports such as `./tokens/memory-token-store.js`
 */
export function runChild(folders: readonly string[], script: string, timeout = 10_000): ChildResult {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  // Below node_modules, so that dependencies are found from there.
  const home = mkdtempSync(join(cache, 'child-'));
  try {
    writeFileSync(join(home, 'package.json'), '{"type":"module"}');
    for (const folder of folders) {
      for (const name of readdirSync(join(LIB, folder))) {
        if (name.endsWith('.ts')) compile(join(folder, name), home);
      }
    }
    writeFileSync(join(home, 'script.js'), script);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['script.js'], {
      cwd: home,
      timeout,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function compile(file: string, home: string): void {
  const { code } = transformFileSync(join(LIB, file), {
    configFile: false,
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
  });
  const target = join(home, file.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, code);
}
