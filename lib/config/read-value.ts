// Reads plain values among the options: numbers, words, paths, functions.
import { WechatConfigError } from '../errors/errors.js';
import type { Complaints } from './complaints.js';
import { nearestName } from './nearest-name.js';

/** @throws WechatConfigError with these words unless it is so */
export function check(isRight: boolean, option: string, problem: string, fix: string): asserts isRight {
  if (!isRight) throw new WechatConfigError(option, problem, fix);
}

/** @param example in this unit */
export function readPositive(
  option: string,
  value: unknown,
  unit: 'seconds' | 'milliseconds',
  max: number,
  example: number,
): number {
  const isRight = typeof value === 'number' && value > 0 && value <= max;
  const fix = `Write a plain number in ${unit}, e.g. ${example}.`;
  check(isRight, option, `is not a number of ${unit} above 0 and up to ${max}`, fix);
  return value;
}

/** @throws WechatConfigError for what is none of them */
export function readOneOf<T extends string | boolean>(
  option: string,
  value: unknown,
  known: readonly T[],
): T {
  const problem = value === undefined ? 'is missing' : 'is not known';
  check(known.includes(value as T), option, problem, `Write one of: ${known.join(', ')}.`);
  return value as T;
}

/** @throws WechatConfigError for what is no path of the application */
export function readPath(option: string, value: unknown): string {
  const isPath =
    typeof value === 'string' && /^\/(?![/\\])[\x21-\x7e]*$/.test(value) && !value.includes('\\');
  check(isPath, option, 'is not a path', 'Write a path of the application that starts with one "/".');
  return value;
}

/** The same values; what is no function is complained of. */
export function readFunctions<T extends object>(group: string, values: T, complaints: Complaints): T {
  for (const [name, value] of Object.entries(values)) {
    const isOne = value === undefined || typeof value === 'function';
    const option = group ? `${group}.${name}` : name;
    complaints.check(isOne, option, 'is not a function', 'See the page docs/configuration.md.');
  }
  return values;
}

/** The name of every option of a type. */
export type OptionNames<T> = Record<keyof T, 1>;

/** Complains of options there are not, which are misspelt. */
export function refuseUnknown(value: object, known: object, group: string, complaints: Complaints): void {
  const names = Object.keys(known);
  for (const key of Object.keys(value)) {
    const option = group ? `${group}.${key}` : key;
    const meant = nearestName(key, names);
    const fix = `${meant === undefined ? '' : `Write "${meant}"? `}Known here: ${names.join(', ')}.`;
    complaints.check(names.includes(key), option, 'is not known', fix);
  }
}

/** An object that is no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
