// A Redis cluster of two masters for the length of a test file: a key may be on either, and a
// client has to find it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { ServerAddress } from './servers.js';

const SLOTS = [
  [0, 8_191],
  [8_192, 16_383],
] as const;

export class RedisCluster {
  /** Any node leads a client to the others. */
  readonly entry: ServerAddress = { host: '127.0.0.1', port: 0 };
  private readonly directory = mkdtempSync(join(tmpdir(), 'redis-cluster-'));
  private readonly ports: number[] = [];
  private children: ChildProcess[] = [];

  async create(): Promise<void> {
    for (const _ of SLOTS) this.ports.push(await freePort());
    this.entry.port = this.ports[0]!;
    await this.launch();
    for (const [index, port] of this.ports.entries()) {
      const [first, last] = SLOTS[index]!;
      await ask(port, 'CLUSTER', 'ADDSLOTSRANGE', first, last);
    }
    await ask(this.ports[0]!, 'CLUSTER', 'MEET', '127.0.0.1', this.ports[1]!);
    await this.untilWhole();
  }

  /** All nodes are back under the addresses they had, without their entries. */
  async start(): Promise<void> {
    await this.launch();
    await this.untilWhole();
  }

  async stop(): Promise<void> {
    const ended = this.children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(ended);
    this.children = [];
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }

  /** How many keys each node has. */
  async sizes(): Promise<number[]> {
    return Promise.all(this.ports.map(async (port) => Number(await ask(port, 'DBSIZE'))));
  }

  /** Drops the connections that listen, on every node. How many there were. */
  async dropListeners(): Promise<number> {
    const dropped = this.ports.map(async (port) =>
      Number(await ask(port, 'CLIENT', 'KILL', 'TYPE', 'pubsub')),
    );
    return (await Promise.all(dropped)).reduce((sum, count) => sum + count, 0);
  }

  private async launch(): Promise<void> {
    for (const port of this.ports) {
      const child = spawn(
        'redis-server',
        [
          ...`--port ${port} --bind 127.0.0.1 --appendonly no --save`.split(' '),
          '',
          ...`--cluster-enabled yes --cluster-config-file ${port}.conf --dir`.split(' '),
          this.directory,
        ],
        { stdio: 'ignore' },
      );
      await new Promise((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (error) => {
          reject(
            new Error(
              `The cluster tests start redis-server themselves and could not (${error.message}): install Redis, e.g. apt-get install redis-server.`,
            ),
          );
        });
      });
      this.children.push(child);
      while ((await ask(port, 'PING').catch(() => 'not yet')) !== 'PONG') {
        if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}.`);
        await sleep(20);
      }
    }
  }

  private async untilWhole(): Promise<void> {
    for (const port of this.ports) {
      for (;;) {
        const info = String(await ask(port, 'CLUSTER', 'INFO'));
        if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:2')) break;
        await sleep(50);
      }
    }
  }
}

async function ask(port: number, command: string, ...args: (string | number)[]): Promise<unknown> {
  const client = new Redis({ port, lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}

/** The nodes talk to each other on the port 10,000 above. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    if (port < 55_000) return port;
  }
}
