// A line to a server on which everything arrives, late.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { ServerAddress } from './servers.js';

export class SlowLine implements ServerAddress {
  readonly host = '127.0.0.1';
  port = 0;
  /** For what is sent from now on, in ms; the way there takes it, the way back nothing. */
  delayMs = 0;
  private listener?: Server;
  private readonly ends = new Set<Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly server: ServerAddress) {}

  async start(): Promise<void> {
    const listener = createServer((near) => this.join(near));
    await new Promise<void>((resolve) => listener.listen(0, this.host, resolve));
    this.port = (listener.address() as AddressInfo).port;
    this.listener = listener;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    for (const end of this.ends) end.destroy();
    await new Promise((resolve) => this.listener!.close(resolve));
  }

  private join(near: Socket): void {
    const far = connect(this.server);
    /**
     * On its way. Whichever timer is first brings the piece that is first: none may overtake
     * another.
     */
    const late: Buffer[] = [];
    let last = 0;
    near.on('data', (data: Buffer) => {
      last = Math.max(last, Date.now() + this.delayMs);
      const left = last - Date.now();
      if (left <= 0 && late.length === 0) return void far.write(data);
      late.push(data);
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        far.write(late.shift()!);
      }, left);
      this.timers.add(timer);
    });
    far.on('data', (data) => near.write(data));
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.ends.add(end);
      end.setNoDelay(true);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        this.ends.delete(end);
        other.destroy();
      });
    }
  }
}
