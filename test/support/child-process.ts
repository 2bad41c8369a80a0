// Starts scripts of `test/support` in processes of their own, straight from TypeScript.
import { type ChildProcess, fork } from 'node:child_process';
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
