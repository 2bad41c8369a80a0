// Builds and packs once, before the packaging tests: they read dist/, and the tarball that
// `packed()` names.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a command and returns what it printed; when it fails, the error shows all of it. */
export function run(command: string, args: string[], options: { cwd?: string } = {}): string {
  try {
    return execFileSync(command, args, { cwd: options.cwd ?? root, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout ?? ''}\n${stderr ?? String(error)}`);
  }
}

export const readJson = <T>(file: string): T => JSON.parse(readFileSync(join(root, file), 'utf8')) as T;

/** The tarball made for this run, and the paths inside it. */
export const packed = (): { tarball: string; files: string[] } =>
  JSON.parse(process.env.PACKAGING_TARBALL ?? '') as { tarball: string; files: string[] };

export default function pack(): void {
  run('npm', ['run', 'build']);
  const directory = mkdtempSync(join(tmpdir(), 'nestjs-wechat-oauth-pack-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  // Without scripts: their output would stand in the JSON, and the build is done.
  const output = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory]);
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  // The environment is what jest hands on to its test processes.
  process.env.PACKAGING_TARBALL = JSON.stringify({
    tarball: join(directory, filename),
    files: files.map((file) => file.path).sort(),
  });
}
