// Makes the folder an application as a user would have it: what people use today from npm, and this
// package built, beside it the one of an older commit.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });

function install(from, name) {
  const place = join(here, 'node_modules', name);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  for (const file of ['dist', 'package.json'])
    cpSync(join(from, file), join(place, file), { recursive: true });
}

/** @returns whether the package of that commit is there too */
export function prepare(before) {
  if (!existsSync(join(here, 'node_modules'))) run('npm', ['ci', '--legacy-peer-deps'], here);
  run('npm', ['run', 'build'], root);
  install(root, 'nestjs-wechat-oauth');
  const name = 'nestjs-wechat-oauth-before';
  if (existsSync(join(here, 'node_modules', name))) return name;
  const tree = join(mkdtempSync(join(tmpdir(), 'bench-')), 'tree');
  try {
    run('git', ['worktree', 'add', '--detach', tree, before], root);
  } catch {
    console.error(`The commit ${before} is not in this clone, so nothing is measured beside it.`);
    return undefined;
  }
  try {
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    run('npx', ['nest', 'build'], tree);
    install(tree, name);
  } finally {
    run('git', ['worktree', 'remove', '--force', tree], root);
  }
  return name;
}
