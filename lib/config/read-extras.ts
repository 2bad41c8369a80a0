// Looks at what stands beside the options before Nest does, which would only say that it cannot
// create the module.
import { check, isRecord } from './read-value.js';

/** Parts of the application: beside `useFactory`, never in what it returns. */
export const EXTRAS: readonly string[] = [
  'isGlobal',
  'imports',
  'tokenStore',
  'loginHandler',
  'identityLinker',
];

const WAYS = ['useClass', 'useValue', 'useExisting', 'useFactory'];

/**
 * @param example how it is written right
 * @throws WechatConfigError for a class or an object in the place of a provider
 */
export function requireProvider(option: string, value: unknown, example: string): void {
  if (value === undefined) return;
  const isOne = isRecord(value) && WAYS.filter((way) => way in value).length === 1;
  const what = typeof value === 'function' ? 'is a class' : 'is a value';
  const isDouble = isRecord(value) && WAYS.some((way) => way in value);
  check(
    isOne,
    option,
    isDouble ? 'has two ways to be made' : `${what}, not a provider`,
    `Write ${option}: ${example}.`,
  );
}

/** @throws WechatConfigError where nothing says how the options come about */
export function requireOptionsWay(options: unknown): void {
  const fix =
    'Write useFactory: () => ({ appId, secret, publicUrl, sessionSecret }), useClass or useExisting.';
  check(isRecord(options), 'forRootAsync', 'has no options', fix);
  const ways = WAYS.filter((way) => way !== 'useValue' && options[way] !== undefined);
  check(ways.length > 0, 'useFactory', 'is missing', fix);
}
