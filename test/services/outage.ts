// A line to a server that can be cut and mended, so that a test can take a server away that others
// are using.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import type { ServerAddress } from './servers.js';

export class Line {
  port = 0;
  private readonly ends = new Set<Socket>();
  private listener?: Server;
  private frozen = false;

  constructor(private readonly server: ServerAddress) {}

  /** Listens on a port of its own, and on the same one every time. */
  async start(): Promise<void> {
    this.frozen = false;
    const listener = createServer((near) => this.join(near));
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (listener.address() as AddressInfo).port;
    this.listener = listener;
  }

  /** As when the server ends: connections break, and new ones are refused. */
  async stop(): Promise<void> {
    const listener = this.listener;
    if (!listener) return;
    this.listener = undefined;
    const closed = new Promise((resolve) => listener.close(resolve));
    for (const end of this.ends) end.destroy();
    await closed;
  }

  /**
   * As when a network swallows packets: everything stays connected and nothing arrives. Ends with
   * `stop`.
   */
  freeze(): void {
    this.frozen = true;
    for (const end of this.ends) end.pause();
  }

  private join(near: Socket): void {
    const far = connect(this.server);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.ends.add(end);
      end.setNoDelay(true);
      end.on('data', (data) => other.write(data));
      end.on('error', () => other.destroy());
      end.on('close', () => {
        this.ends.delete(end);
        other.destroy();
      });
      if (this.frozen) end.pause();
    }
  }
}
