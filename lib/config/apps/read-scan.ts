// Reads how people sign in at an official account by scanning its QR code.
import type { WechatAppType, WechatScanOptions } from '../../wechat-oauth.options.js';
import type { Complaints } from '../complaints.js';
import { check, isRecord, type OptionNames, readOneOf, refuseUnknown } from '../read-value.js';
import type { ScanConfig } from '../wechat-config.js';

const KNOWN_SCAN_OPTIONS = {
  confirm: 1,
  lifetime: 1,
  perClient: 1,
  streams: 1,
} satisfies OptionNames<WechatScanOptions>;

const DEFAULTS = { confirm: 'code', lifetime: 300, perClient: 10, streams: 10_000 } as const;

/**
 * WeChat takes no code of less than a minute seriously, and a long one is a long time to be sent
 * on.
 */
const MIN_LIFETIME_S = 60;
const MAX_LIFETIME_S = 300;

/**
 * Undefined where nobody signs in by a scan.
 * @throws WechatConfigError
 */
export function readScan(
  option: string,
  value: unknown,
  app: { type: WechatAppType; hasPush: boolean },
  complaints: Complaints,
): ScanConfig | undefined {
  if (value === undefined || value === false) return undefined;
  const isOne = value === true || isRecord(value);
  check(isOne, option, 'is neither true nor an object', "Write scan: true, or { confirm: 'code' }.");
  const onlyThere = 'Leave it out here: only an official account sends such QR codes.';
  check(app.type === 'official-account', option, 'does not fit the type of the app', onlyThere);
  const beside = "Write push: { token, encodingAesKey } beside it, as WeChat's console shows them.";
  check(app.hasPush, option, 'needs the message push, and there is no push', beside);
  const given: Record<string, unknown> = value === true ? {} : value;
  refuseUnknown(given, KNOWN_SCAN_OPTIONS, option, complaints);
  const whole = (name: keyof WechatScanOptions, min: number, max: number) =>
    complaints.attempt(
      () => readWhole(`${option}.${name}`, given[name] ?? DEFAULTS[name], min, max),
      Number(DEFAULTS[name]),
    );
  const confirm = complaints.attempt(
    () => readOneOf(`${option}.confirm`, given['confirm'] ?? DEFAULTS.confirm, ['code', 'tap'] as const),
    DEFAULTS.confirm,
  );
  return {
    confirm,
    lifetime: whole('lifetime', MIN_LIFETIME_S, MAX_LIFETIME_S) * 1_000,
    perClient: whole('perClient', 1, 1_000),
    streams: whole('streams', 0, 100_000),
  };
}

function readWhole(option: string, value: unknown, min: number, max: number): number {
  const isRight = Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  const problem = `is not a whole number from ${min} to ${max}`;
  check(isRight, option, problem, `Write a plain number, e.g. ${max === MAX_LIFETIME_S ? max : min}.`);
  return value as number;
}
