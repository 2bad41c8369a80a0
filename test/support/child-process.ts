// Starts scripts in processes of their own, straight from TypeScript.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const HERE = import.meta.dirname;
const HOOKS = pathToFileURL(join(HERE, 'swc-hooks.mjs')).href;
const REGISTER = `data:text/javascript,import { register } from 'node:module'; register('${HOOKS}');`;

/** @param argument handed over as JSON, in `process.argv[2]` */
export function forkScript(name: string, argument: unknown, nodeOptions: string[] = []): ChildProcess {
  return fork(join(HERE, name), [JSON.stringify(argument)], {
    execArgv: [...nodeOptions, '--enable-source-maps', '--import', REGISTER],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

export interface ChildResult {
  /** Null when the process had to be killed. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a few lines to their end: the only way to see whether something keeps a process alive.
 * @param script an ES module; imports from the library such as `./tokens/memory-token-store.ts`
 */
export function runScript(script: string, timeout = 10_000): ChildResult {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', REGISTER, '--input-type=module', '--eval', script],
    { cwd: join(HERE, '../../lib'), timeout, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}
