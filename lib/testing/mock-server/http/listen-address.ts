// Where the mock may listen: on this machine, unless somebody says in so many words that others
// shall reach it.
import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { MockServerError } from '../mock-server-error.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The address to listen on. A name is looked up here and not by the socket, so that what was judged
 * is what is listened on.
 * @throws MockServerError for an address that other machines reach, without `allowRemote`
 */
export async function listenAddress(host: string, allowRemote: boolean): Promise<string> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  // Without a host, Node listens on every address.
  const address = bare === '' ? '::' : (await lookup(bare)).address;
  if (LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return address;
  if (!allowRemote) {
    throw new MockServerError(
      'host',
      `is "${host}", where other machines reach it, and it lets anybody sign in as anybody`,
      'Use 127.0.0.1, or say that you mean it: allowRemote: true (--allow-remote on the command line).',
    );
  }
  process.emitWarning(
    `The WeChat mock server listens on ${address}: whoever reaches this machine can sign in as anybody.`,
    { code: 'WECHAT_MOCK_REMOTE' },
  );
  return address;
}
