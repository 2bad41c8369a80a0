// A Redis that belongs to a test alone, so that it can be stopped, made to hang, and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reach, type ServerAddress } from './servers.js';

export class OwnRedis implements ServerAddress {
  readonly host = '127.0.0.1';
  port = 0;
  private readonly directory = mkdtempSync(join(tmpdir(), 'own-redis-'));
  private child?: ChildProcess;

  /** On the port it had before, without the entries it had. */
  async start(): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    const settings = `--port ${this.port} --bind ${this.host} --appendonly no`.split(' ');
    const child = spawn('redis-server', [...settings, '--save', '', '--dir', this.directory], {
      stdio: 'ignore',
    });
    this.child = child;
    await once(child, 'spawn').catch((error: Error) => {
      throw new Error(
        `These tests start redis-server themselves and could not (${error.message}): install Redis, e.g. apt-get install redis-server.`,
      );
    });
    while ((await reach(this)) !== undefined) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}.`);
      await sleep(10);
    }
  }

  /** As when it is shut down: connections end, and new ones are refused. */
  async stop(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    // A server that hangs hears nothing else.
    child.kill('SIGCONT');
    await gone;
  }

  /** Connections stay, new ones are taken by the kernel, and nothing is answered. */
  hang(): void {
    this.child!.kill('SIGSTOP');
  }

  goOn(): void {
    this.child!.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
