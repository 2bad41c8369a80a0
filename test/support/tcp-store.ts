// A store that several processes share, as a database would be: a server over a socket, one JSON
// object to a line, and the TokenStore that asks it.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { MemoryTokenStore, TokenStore } from '../../lib/index.js';

type Operation = 'get' | 'set' | 'delete' | 'setIfAbsent' | 'replaceIfEqual';

interface Question {
  id: number;
  operation: Operation;
  parameters: (string | number | null)[];
}

export class TcpStoreServer {
  /** Everything that was written, by key. */
  readonly written = new Map<string, string>();
  private readonly sockets = new Set<Socket>();
  private server = net.createServer();
  port = 0;

  constructor(private readonly store = new MemoryTokenStore()) {}

  async start(port = 0): Promise<this> {
    this.server = net.createServer((socket) => this.serve(socket));
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  /** Cuts every connection. What was stored is there again after the next `start`. */
  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    createInterface(socket).on('line', (line) => void this.answer(socket, JSON.parse(line) as Question));
  }

  private async answer(socket: Socket, { id, operation, parameters }: Question): Promise<void> {
    const known = parameters.map((parameter) => parameter ?? undefined);
    if (operation === 'set' || operation === 'setIfAbsent')
      this.written.set(String(known[0]), String(known[1]));
    const ask = this.store[operation].bind(this.store) as (...all: unknown[]) => Promise<unknown>;
    socket.write(`${JSON.stringify({ id, value: (await ask(...known)) ?? null })}\n`);
  }
}

export class TcpTokenStore extends TokenStore {
  private connection: { socket: Socket; waiting: Map<number, PromiseWithResolver> } | undefined;
  private count = 0;

  constructor(private readonly port: number) {
    super();
  }

  override async get(key: string): Promise<string | undefined> {
    return ((await this.ask('get', key)) as string | null) ?? undefined;
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.ask('set', key, value, ttlMs);
  }

  override async delete(key: string): Promise<void> {
    await this.ask('delete', key);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.ask('setIfAbsent', key, value, ttlMs)) as boolean;
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    return (await this.ask('replaceIfEqual', key, expected, value ?? null, ttlMs)) as boolean;
  }

  private ask(operation: Operation, ...parameters: Question['parameters']): Promise<unknown> {
    const { socket, waiting } = (this.connection ??= this.connect());
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      socket.write(`${JSON.stringify({ id, operation, parameters } satisfies Question)}\n`);
    });
  }

  private connect(): NonNullable<TcpTokenStore['connection']> {
    const socket = net.connect(this.port, '127.0.0.1');
    const waiting = new Map<number, PromiseWithResolver>();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.connection?.socket === socket) this.connection = undefined;
      for (const { reject } of waiting.values()) reject(new Error('the store is gone'));
    });
    createInterface(socket)
      // Readline repeats the socket's errors.
      .on('error', () => socket.destroy())
      .on('line', (line) => {
        const { id, value } = JSON.parse(line) as { id: number; value: unknown };
        waiting.get(id)?.resolve(value);
        waiting.delete(id);
      });
    return { socket, waiting };
  }
}

interface PromiseWithResolver {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}
