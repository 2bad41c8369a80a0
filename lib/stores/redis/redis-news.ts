// Who listens to which channel of Redis: one connection for all, opened when the first one listens.
import { inTime } from '../../tokens/in-time.js';
import type { ListeningClient, Listens } from './listening.js';

type Listener = (message: string) => void;

/** A channel, and the answer to its SUBSCRIBE. */
interface Channel {
  listeners: Set<{ listener: Listener }>;
  subscribed: Promise<unknown>;
}

interface Connection {
  client: ListeningClient;
  ready: Promise<unknown>;
}

/** How long connecting and subscribing may take together, in ms. */
const SUBSCRIBE_MS = 3_000;

/** The listeners of one store. */
export class RedisNews implements Listens {
  readonly #make: (listens: Listens) => ListeningClient;
  readonly #channels = new Map<string, Channel>();
  #connection: Connection | undefined;
  #closed = false;

  constructor(make: (listens: Listens) => ListeningClient) {
    this.#make = make;
  }

  /** @throws the error of the client, or that three seconds are over */
  async subscribe(name: string, listener: Listener): Promise<() => Promise<void>> {
    this.#refuseIfClosed();
    let channel = this.#channels.get(name);
    if (!channel) {
      channel = { listeners: new Set(), subscribed: Promise.resolve() };
      this.#channels.set(name, channel);
      channel.subscribed = this.#open(name, channel);
    }
    const entry = { listener };
    channel.listeners.add(entry);
    await channel.subscribed;
    this.#refuseIfClosed();
    return () => this.#end(name, channel, entry);
  }

  /** Ends everything; who listens hears nothing any more. */
  close(): void {
    this.#closed = true;
    this.#channels.clear();
    this.#drop();
  }

  hear(name: string, message: string): void {
    for (const { listener } of this.#channels.get(name)?.listeners ?? []) listener(message);
  }

  channels(): string[] {
    return [...this.#channels.keys()];
  }

  async #open(name: string, channel: Channel): Promise<void> {
    try {
      const { client, ready } = (this.#connection ??= this.#connect());
      await inTime(
        ready.then(() => client.subscribe(name)),
        SUBSCRIBE_MS,
      );
    } catch (error) {
      if (this.#channels.get(name) === channel) this.#channels.delete(name);
      // What nobody uses is not kept: the next one to listen begins anew. Otherwise the command may
      // still be on its way.
      if (this.#channels.size === 0) this.#drop();
      else void this.#takeBack(name).catch(() => undefined);
      throw error;
    }
  }

  #connect(): Connection {
    const client = this.#make(this);
    return { client, ready: client.connect() };
  }

  async #takeBack(name: string): Promise<void> {
    const connection = this.#connection;
    await connection?.ready;
    await connection?.client.unsubscribe(name);
  }

  #drop(): void {
    this.#connection?.client.destroy();
    this.#connection = undefined;
  }

  async #end(name: string, channel: Channel, entry: { listener: Listener }): Promise<void> {
    if (!channel.listeners.delete(entry) || channel.listeners.size > 0) return;
    if (this.#channels.get(name) !== channel) return;
    this.#channels.delete(name);
    // Whatever the server says to it, nobody is called any more.
    await inTime(this.#takeBack(name), SUBSCRIBE_MS).catch(() => undefined);
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new Error('The store is closed.');
  }
}
