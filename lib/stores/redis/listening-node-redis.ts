// Listens with node-redis: to a server, to a cluster, and in version 6 by Sentinel.
import { againIn, attempt, ignore, type ListeningClient, type Listens, type Loose } from './listening.js';

type Options = Record<string, unknown>;

/** @param client what `createClient`, `createCluster` or, in 6, `createSentinel` gives */
export function listenByNodeRedis(client: Loose, listens: Listens): ListeningClient {
  const { options, _options } = client as Partial<Record<'options' | '_options', Options>>;
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
