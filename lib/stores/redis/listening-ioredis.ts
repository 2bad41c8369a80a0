// Listens with ioredis: to a server or by Sentinel, and in a cluster to one of its nodes.
import { againIn, attempt, ignore, type ListeningClient, type Listens, type Loose } from './listening.js';

/** On top of the settings of the application, whose time limits are for commands. */
const SETTINGS = {
  lazyConnect: true,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  commandTimeout: undefined,
  // Nothing is ever sent on it by which a connection that is gone would be found out.
  keepAlive: 10_000,
  // Done here: what the library sends by itself is an unhandled rejection when it fails.
  autoResubscribe: false,
};

/** @param client a `Redis` */
export function listenByIoredis(client: Loose, listens: Listens): ListeningClient {
  const second = client['duplicate']!({ ...SETTINGS, retryStrategy: againIn }) as Loose;
  wire(second, listens);
  return {
    connect: async () => second['connect']!(),
    subscribe: async (channel) => second['subscribe']!(channel),
    unsubscribe: async (channel) => second['unsubscribe']!(channel),
    destroy: () => void attempt(() => second['disconnect']!()),
  };
}

/**
 * Any node has every message. Not by the subscriber of `Cluster`: while no node can be reached it
 * tries without a pause, thousands of times a second.
 * @param client a `Cluster`
 */
export function listenByIoredisCluster(client: Loose, listens: Listens): ListeningClient {
  let [second, of]: [Loose | undefined, unknown] = [undefined, undefined];
  let [destroyed, retries] = [false, 0];
  let timer: NodeJS.Timeout | undefined;

  const open = async (): Promise<void> => {
    let failure: unknown = new Error('The cluster has no node.');
    for (const node of shuffled(client['nodes']!() as Loose[])) {
      const one = node['duplicate']!({ ...SETTINGS, retryStrategy: () => null }) as Loose;
      [second, of] = [one, node];
      wire(one, listens);
      try {
        await one['connect']!();
        if (destroyed) throw new Error('Nobody listens any more.');
        retries = 0;
        one['once']!('end', again);
        return;
      } catch (error) {
        failure = error;
        void attempt(() => one['disconnect']!());
        if (destroyed) break;
      }
    }
    throw failure;
  };
  const again = (): void => {
    if (!destroyed)
      timer = setTimeout(() => void open().then(resubscribe, again), againIn(retries++)).unref();
  };
  const resubscribe = (): void => {
    if (listens.channels().length > 0) void attempt(() => second!['subscribe']!(...listens.channels()));
  };
  // A node that has left the cluster may run on, and hears nothing any more.
  const gone = (node: unknown): void => {
    if (node === of) void attempt(() => second!['disconnect']!());
  };
  client['on']!('-node', gone);
  return {
    connect: open,
    subscribe: async (channel) => second!['subscribe']!(channel),
    unsubscribe: async (channel) => second!['unsubscribe']!(channel),
    destroy: () => {
      destroyed = true;
      clearTimeout(timer);
      client['off']!('-node', gone);
      if (second) void attempt(() => second!['disconnect']!());
    },
  };
}

function wire(second: Loose, listens: Listens): void {
  let connected = false;
  second['on']!('error', ignore);
  second['on']!('message', (channel: string, message: string) => listens.hear(channel, message));
  second['on']!('ready', () => {
    const channels = listens.channels();
    if (connected && channels.length > 0) void attempt(() => second['subscribe']!(...channels));
    connected = true;
  });
}

function shuffled<T>(list: readonly T[]): T[] {
  const start = Math.floor(Math.random() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
