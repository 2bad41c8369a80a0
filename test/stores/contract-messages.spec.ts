// The two cases of the contract about messages: they pass on a store that has none, and catch each
// way of passing them wrongly.
import { TOKEN_STORE_CASES } from '../../lib/testing/token-store-contract/cases.js';
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';
import type { TokenStore } from '../../lib/tokens/token-store.js';

const [PASSES, APART] = ['passes messages', 'keeps channels apart'].map((title) =>
  TOKEN_STORE_CASES.find((one) => one.title.startsWith(title))!,
);

type Listener = (message: string) => void;

/** Several clients of one storage. What is wrong with it is changed by whoever makes it. */
class Talk {
  readonly listeners = new Map<string, Set<{ listener: Listener }>>();
  name = (channel: string) => channel;
  message = (message: string) => message;
  end = (channel: string, entry: { listener: Listener }) => void this.listeners.get(channel)?.delete(entry);
  of = (channel: string) => [...(this.listeners.get(channel) ?? [])];

  open = (): { store: TokenStore } => ({
    store: Object.assign(new MemoryTokenStore() as TokenStore, {
      publish: async (channel: string, message: string) => {
        for (const { listener } of this.of(this.name(channel))) listener(this.message(message));
      },
      subscribe: async (channel: string, listener: Listener) => {
        const [name, entry] = [this.name(channel), { listener }];
        this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(entry));
        return async () => this.end(name, entry);
      },
    }),
  });
}

const wrong = (change: Partial<Talk> | ((talk: Talk) => Partial<Talk>)): Talk => {
  const talk = new Talk();
  return Object.assign(talk, typeof change === 'function' ? change(talk) : change);
};

it('both pass on a store that does it right, and on one that does not do it', async () => {
  for (const one of [PASSES!, APART!]) {
    await expect(one.run(new Talk())).resolves.toBeUndefined();
    await expect(one.run({ open: () => ({ store: new MemoryTokenStore() }) })).resolves.toBeUndefined();
  }
});

it.concurrent.each<[string, typeof PASSES, () => { open: Talk['open'] }, string]>([
  [
    'messages that stay in one process',
    PASSES,
    () => ({ open: () => new Talk().open() }),
    'a message has not arrived',
  ],
  [
    'messages that are cut',
    PASSES,
    () => wrong({ message: (text) => text.slice(0, 255) }),
    'came back changed',
  ],
  [
    'messages that are Latin-1',
    PASSES,
    () => wrong({ message: (text) => Buffer.from(text, 'latin1').toString('latin1') }),
    'came back changed',
  ],
  ['one listener only', PASSES, () => wrong((talk) => ({ of: (name) => [...(talk.listeners.get(name) ?? [])].slice(-1) })), 'a message has not arrived'], // prettier-ignore
  [
    'listeners that never end',
    PASSES,
    () => wrong({ end: () => undefined }),
    'a listener that has ended is called',
  ],
  ['an end that ends the channel', PASSES, () => wrong((talk) => ({ end: (name) => void talk.listeners.delete(name) })), 'a message has not arrived'], // prettier-ignore
  ['channels without case', APART, () => wrong({ name: (name) => name.toLowerCase() }), 'not kept apart'],
  [
    'channels as patterns of SQL',
    APART,
    () =>
      wrong((talk) => ({
        of: (name) =>
          [...talk.listeners].flatMap(([key, entries]) =>
            new RegExp(`^${key.replaceAll('_', '.')}$`).test(name) ? [...entries] : [],
          ),
      })),
    'not kept apart',
  ],
  [
    'channels as beginnings',
    APART,
    () =>
      wrong((talk) => ({
        of: (name) =>
          [...talk.listeners].flatMap(([key, entries]) => (name.startsWith(key) ? [...entries] : [])),
      })),
    'not kept apart',
  ],
])('the contract catches %s', async (_, one, create, message) => {
  await expect(one!.run(create())).rejects.toThrow(message);
});

it.each([
  ['publish', 'publish without subscribe'],
  ['subscribe', 'subscribe without publish'],
])('a store with %s only is told so', async (name, message) => {
  const store = Object.assign(new MemoryTokenStore(), { [name]: async () => undefined });
  for (const one of [PASSES!, APART!]) {
    await expect(one.run({ open: () => ({ store }) })).rejects.toThrow(message);
  }
});
