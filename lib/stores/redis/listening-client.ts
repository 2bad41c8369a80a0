// A second connection that only listens: on one that is subscribed, Redis answers little else.
import type { RedisLike } from './redis-like.js';

/** What is needed of the second client, the same for every library. */
export interface ListeningClient {
  /** Rejects when the server cannot be reached, or goes on trying. Called once. */
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Breaks it off: nothing is on its way that somebody waits for. */
  destroy(): void;
}

/** Who made the connection, and what it is told. */
export interface Listens {
  hear(channel: string, message: string): void;
  /** What has to be subscribed again after a lost connection. */
  channels(): string[];
}

/** What of both libraries is used here; their types differ by version. */
type Loose = Record<string, (...args: unknown[]) => unknown>;
type Options = Record<string, unknown>;

/**
 * Makes such a connection when called; undefined for a client that cannot be duplicated, such as a
 * pool of node-redis.
 */
export function listeningClientOf(client: RedisLike): ((listens: Listens) => ListeningClient) | undefined {
  if (typeof client.duplicate !== 'function' || typeof client.publish !== 'function') return undefined;
  return 'defineCommand' in client
    ? (listens) => ofIoredis(client as unknown as Loose, listens)
    : (listens) => ofNodeRedis(client as unknown as Loose, listens);
}

/**
 * What a client itself puts before keys and, in both libraries, not before channels. Without it two
 * applications that keep their entries apart would wake each other.
 */
export function keyPrefixOf(client: RedisLike): string {
  const { options, _options } = client as { options?: Options; _options?: Options };
  const prefix = (options ?? _options)?.['keyPrefix'];
  return prefix === undefined || prefix === null ? '' : String(prefix);
}

/** However the application's own client gives up: this one is not noticed when it does. */
const againIn = (retries: number): number => Math.min(2 ** retries * 50, 2_000);

function ofIoredis(client: Loose, listens: Listens): ListeningClient {
  const common = { lazyConnect: true, enableOfflineQueue: true };
  const second = (
    'nodes' in client
      ? client['duplicate']!([], { ...common, clusterRetryStrategy: againIn })
      : client['duplicate']!({
          ...common,
          retryStrategy: againIn,
          maxRetriesPerRequest: null,
          commandTimeout: undefined,
          // Done below: what the library sends by itself is an unhandled rejection when it fails.
          autoResubscribe: false,
        })
  ) as Loose;
  let connected = false;
  second['on']!('error', ignore);
  second['on']!('message', (channel: string, message: string) => listens.hear(channel, message));
  second['on']!('ready', () => {
    const channels = listens.channels();
    if (connected && channels.length > 0) void attempt(() => second['subscribe']!(...channels));
    connected = true;
  });
  return {
    connect: async () => second['connect']!(),
    subscribe: async (channel) => second['subscribe']!(channel),
    unsubscribe: async (channel) => second['unsubscribe']!(channel),
    destroy: () => void attempt(() => second['disconnect']!()),
  };
}

function ofNodeRedis(client: Loose, listens: Listens): ListeningClient {
  const { options, _options } = client as { options?: Options; _options?: Options };
  // Of a single server, of a cluster, of Sentinel.
  const second = (
    options
      ? client['duplicate']!(lasting(options))
      : _options
        ? client['duplicate']!({
            minimizeConnections: true,
            defaults: lasting(_options['defaults'] as Options),
          })
        : client['duplicate']!()
  ) as Loose;
  second['on']!('error', ignore);
  const listener = (message: string, channel: string) => listens.hear(channel, message);
  return {
    connect: async () => second['connect']!(),
    subscribe: async (channel) => second['subscribe']!(channel, listener),
    // Without the listener it forgets one that subscribes meanwhile.
    unsubscribe: async (channel) => second['unsubscribe']!(channel, listener),
    destroy: () => void attempt(() => second['destroy']!()),
  };
}

/** The settings of the application, but for what would make the connection end for good. */
function lasting(options: Options = {}): Options {
  const socket = (options['socket'] ?? {}) as Options;
  const { socketTimeout } = socket as { socketTimeout?: number };
  return {
    ...options,
    disableOfflineQueue: false,
    clientSideCache: undefined,
    socket: { ...socket, reconnectStrategy: againIn },
    // A connection on which nothing is said must not look like a silent one.
    pingInterval: options['pingInterval'] ?? (socketTimeout ? socketTimeout / 2 : undefined),
  };
}

/** The application hears of errors by its own client, which has the same server. */
const ignore = (): void => undefined;

async function attempt(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch {
    // Not connected, or no longer.
  }
}
