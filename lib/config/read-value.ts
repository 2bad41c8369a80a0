// Reads plain values among the options: numbers, words, paths, functions.
import { WechatConfigError } from '../errors/errors.js';
import type { Complaints } from './complaints.js';

/** @param unit for the message */
export function readPositive(option: string, value: unknown, unit: 's' | 'ms', max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0 || value > max) {
    throw new WechatConfigError(
      option,
      `is not a number of ${unit} between 0 and ${max}`,
      'Write a plain number.',
    );
  }
  return value;
}

/** @throws WechatConfigError for what is none of them */
export function readOneOf<T extends string | boolean>(
  option: string,
  value: unknown,
  known: readonly T[],
): T {
  if (!known.includes(value as T)) {
    throw new WechatConfigError(
      option,
      value === undefined ? 'is missing' : 'is not known',
      `Write one of: ${known.join(', ')}.`,
    );
  }
  return value as T;
}

/** @throws WechatConfigError for what is no path of the application */
export function readPath(option: string, value: unknown): string {
  if (typeof value !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(value) || value.includes('\\')) {
    throw new WechatConfigError(
      option,
      'is not a path',
      'Write a path of the application that starts with one "/".',
    );
  }
  return value;
}

/** The same values; what is no function is complained of. */
export function readFunctions<T extends object>(group: string, values: T, complaints: Complaints): T {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || typeof value === 'function') continue;
    const option = group ? `${group}.${name}` : name;
    complaints.add(
      new WechatConfigError(option, 'is not a function', 'See the configuration table in the README.'),
    );
  }
  return values;
}

/** The name of every option of a type. */
export type OptionNames<T> = Record<keyof T, 1>;

/** Complains of options there are not, which are misspelt. */
export function refuseUnknown(value: object, known: object, group: string, complaints: Complaints): void {
  const names = Object.keys(known);
  for (const key of Object.keys(value)) {
    if (names.includes(key)) continue;
    const option = group ? `${group}.${key}` : key;
    complaints.add(new WechatConfigError(option, 'is not known', `Known here: ${names.join(', ')}.`));
  }
}

/** An object that is no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
