// Reads how the application presents itself on the pages of ours that its people see.
import type { WechatBrandOptions } from '../wechat-oauth.options.js';
import type { Complaints } from './complaints.js';
import { readLogo } from './read-url.js';
import { check } from './read-value.js';
import type { WechatConfig } from './wechat-config.js';

/** Of a heading; more would be a sentence. */
const MAX_NAME = 40;

/** @returns undefined where there is none, or none that can be shown */
export function readBrand(
  brand: WechatBrandOptions | undefined,
  allowHttp: boolean,
  complaints: Complaints,
): WechatConfig['brand'] {
  if (brand === undefined) return undefined;
  const { logoUrl, color } = brand;
  const name = complaints.attempt(() => readName(brand.name), '');
  return {
    name,
    logoUrl:
      logoUrl === undefined
        ? undefined
        : complaints.attempt(() => readLogo('brand.logoUrl', logoUrl, allowHttp), undefined),
    color: color === undefined ? undefined : complaints.attempt(() => readColor(color), undefined),
  };
}

function readName(value: unknown): string {
  const fix = `Write the name people know, at most ${MAX_NAME} characters.`;
  check(value !== undefined, 'brand.name', 'is missing', fix);
  // A line break or a mark that turns the direction of writing would upset the page around it.
  const isOne = typeof value === 'string' && /^(?=.*\S)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u.test(value);
  check(isOne && [...value].length <= MAX_NAME, 'brand.name', 'is not a name to show', fix);
  return value;
}

/** It stands in a style sheet: nothing but digits gets there. */
function readColor(value: unknown): string {
  const isOne = typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value);
  check(isOne, 'brand.color', 'is not a colour of six hex digits', 'Write one such as "#07c160".');
  return value.toLowerCase();
}
