// Who sits before a QR code, as told to the person who scans it. Security decision: words of a
// fixed vocabulary and a shortened address, never the browser's own text. A stranger chooses what
// his browser says, and the genuine account would send it on.
import { BlockList, isIP } from 'node:net';
import type { HttpRequest } from '../../../auth/http/http-request.js';
import { askHook } from '../../../config/ask-hook.js';
import type { WechatConfig } from '../../../config/wechat-config.js';
import type { Seat } from './scan-record.js';

/** The first that fits: many call themselves Chrome and Safari too. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(?:MQQBrowser|QQBrowser)\//, 'QQ 浏览器'],
  [/\b(?:QIHU|360SE|360EE)\b/, '360 浏览器'],
  [/\bChrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

const MAX_PLACE = 40;
/** Only the beginning is looked at. */
const LOOKED_AT = 512;

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/** The address that the platform names, as it is written; undefined where it is none. */
export function clientAddress({ raw }: HttpRequest): string | undefined {
  const { ip } = raw as { ip?: unknown };
  if (typeof ip !== 'string') return undefined;
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 6 ? (mappedAddress(address) ?? address) : address;
}

/** The IPv4 address that one of IPv6 stands for, however that is spelled. */
function mappedAddress(address: string): string | undefined {
  const groups = groupsOf(address);
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return undefined;
  const numbers = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return numbers.flatMap((number) => [number >> 8, number & 0xff]).join('.');
}

/** Whether it is one of a private network: then it is a proxy's, or a colleague's. */
export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** What counts as one client: an IPv4 address, or the /64 that one line is given. */
export function clientOf(address: string): string {
  return isIP(address) === 6 ? groupsOf(address).slice(0, 4).join(':') : address;
}

/** What is told of the browser that asks for a code. */
export function seatOf(request: HttpRequest, config: WechatConfig): Seat {
  const agent = (request.header('user-agent') ?? '').slice(0, LOOKED_AT);
  const named = (list: typeof BROWSERS) => list.find(([pattern]) => pattern.test(agent))?.[1] ?? '';
  return { browser: named(BROWSERS), system: named(SYSTEMS), place: placeOf(request, config) };
}

function placeOf(request: HttpRequest, config: WechatConfig): string {
  const address = clientAddress(request);
  if (address === undefined) return '';
  const { describePlace } = config.hooks;
  const ask = () => describePlace?.({ address, raw: request.raw });
  const said = askHook(config, 'hooks.describePlace', ask, isWords);
  if (said !== undefined) return [...said.replace(/[\s\p{C}]+/gu, ' ')].slice(0, MAX_PLACE).join('').trim();
  // Of a proxy it says nothing.
  return isPrivate(address) ? '' : shortened(address);
}

function isWords(said: unknown): said is string {
  return typeof said === 'string' && said !== '';
}

/** Half of an IPv4 address, a quarter of an IPv6 one: enough to know one's own city by. */
function shortened(address: string): string {
  if (isIP(address) === 6) return `${groupsOf(address).slice(0, 2).join(':')}::*`;
  return `${address.split('.').slice(0, 2).join('.')}.*.*`;
}

/** Eight groups, without leading zeros. */
function groupsOf(address: string): string[] {
  // The parser of URLs writes every address in one way.
  const { hostname } = new URL(`http://[${address}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const gap = tail === undefined ? 0 : 8 - first!.length - last!.length;
  return [...first!, ...Array<string>(gap).fill('0'), ...last!];
}
