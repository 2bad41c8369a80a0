// The parent's end of a fleet of processes that share a token store.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { forkScript } from '../support/child-process.js';
import type { TokenNodeOrder, TokenNodeOrders, TokenNodeReply } from './token-node.js';

type Name = keyof TokenNodeOrders;
type Argument<N extends Name> = Parameters<TokenNodeOrders[N]>[0];
type Result<N extends Name> = ReturnType<TokenNodeOrders[N]>;

export class TokenNode {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private orders = 0;
  private errors = '';

  constructor(readonly name: string) {
    this.child = forkScript('../services/token-node.ts', { name });
    this.child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.child.on('message', (reply: TokenNodeReply) => {
      const caller = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if ('error' in reply) caller?.reject(new Error(`${name}: ${reply.error}`));
      else caller?.resolve(reply.result);
    });
    this.child.on('exit', () => {
      for (const { reject } of this.waiting.values()) reject(new Error(`${name} ended. ${this.errors}`));
    });
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  do<N extends Name>(name: N, argument?: Argument<N>): Promise<Result<N>> {
    const id = ++this.orders;
    const result = new Promise<Result<N>>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.child.send({ id, name, argument } as TokenNodeOrder);
    });
    // Who asked a node that is then killed does not always want to know.
    result.catch(() => undefined);
    return result;
  }

  /** Closes its application; a test that failed may have left it unable to. */
  async rest(): Promise<void> {
    if (!this.alive) return;
    const limit = sleep(5_000, false, { ref: false });
    const closed = this.do('close').then(
      () => true,
      () => false,
    );
    if (!(await Promise.race([closed, limit]))) await this.kill();
  }

  /** As a machine dies: at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    if (!this.alive) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Resolves when the process stands still, by SIGSTOP. */
  async untilStopped(deadlineMs = 10_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    const state = () => execFileSync('ps', ['-o', 'stat=', '-p', `${this.child.pid}`], { encoding: 'utf8' });
    while (!state().startsWith('T')) {
      if (Date.now() > deadline) throw new Error(`${this.name} did not stop. ${this.errors}`);
      await sleep(20);
    }
  }

  /** The process stands still, as when its machine is moved. */
  stop(): void {
    this.child.kill('SIGSTOP');
  }

  goOn(): void {
    this.child.kill('SIGCONT');
  }
}

/** Four processes; those that died are replaced. */
export class TokenFleet {
  nodes: TokenNode[] = [];
  private started = 0;

  async open(setups: Argument<'open'>[]): Promise<TokenNode[]> {
    // One may have been left standing by a test that failed.
    await this.rest();
    const alive = this.nodes.filter((node) => node.alive);
    while (alive.length < setups.length) alive.push(new TokenNode(`node-${++this.started}`));
    this.nodes = alive;
    await Promise.all(alive.map((node, index) => node.do('open', setups[index]!)));
    return alive;
  }

  /** Nobody is connected to a store any more. */
  async rest(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.rest()));
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }
}
