// A copy of the sources in a directory of its own, where samples are built and started as their
// users do: this repository's dist/ stays as it is, whoever else is building or testing from it.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { freePorts, Sample, type StartOptions } from '../browser/sample.js';

const root = join(import.meta.dirname, '../..');

/** What building and running leaves in a sample. */
const UNWANTED = /^(dist|node_modules|tokens)$/;

export class SampleCheckout {
  private readonly directory = mkdtempSync(join(tmpdir(), 'wechat-samples-'));

  constructor(samples: readonly string[]) {
    const folders = samples.map((name) => `sample/${name}`);
    for (const path of ['package.json', 'tsconfig.json', 'nest-cli.json', 'lib', ...folders]) {
      cpSync(join(root, path), join(this.directory, path), {
        recursive: true,
        filter: (source) => path === 'lib' || !UNWANTED.test(relative(join(root, path), source)),
      });
    }
    const modules = join(this.directory, 'node_modules');
    mkdirSync(modules);
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (name !== 'nestjs-wechat-oauth') symlinkSync(join(root, 'node_modules', name), join(modules, name));
    }
    // As npm links a workspace's own root.
    symlinkSync('..', join(modules, 'nestjs-wechat-oauth'));
  }

  path(sample: string): string {
    return join(this.directory, 'sample', sample);
  }

  /** Starts on free ports; resolves when it says how to stop it. */
  async start(sample: string, options: Omit<StartOptions, 'folder'> = {}): Promise<RunningSample> {
    const { PORT, MOCK_PORT } = await freePorts();
    const running = this.launch(sample, { ...options, env: { PORT, MOCK_PORT, ...options.env } });
    await running.printed(/Ctrl\+C/);
    return { running, home: `http://127.0.0.1:${PORT}` };
  }

  launch(sample: string, options: Omit<StartOptions, 'folder'>): Sample {
    return Sample.start({ ...options, folder: relative(root, this.path(sample)) });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface RunningSample {
  running: Sample;
  home: string;
}
