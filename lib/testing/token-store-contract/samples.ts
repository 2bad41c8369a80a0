// The texts with which the token-store contract looks for what a database merges, changes or cuts.

/**
 * Different texts that a database may hold to be equal: by case, accent, width, padding, number, or
 * Unicode form.
 */
export const LOOKALIKES = [
  'oAbC',
  'oabc',
  'OABC',
  'oAbC ',
  ' oAbC',
  'o\u00c0bC',
  'oA\u0300bC',
  'o\uff21bC',
  'oAbC\t',
  'oAbC\n',
  'oAb\u200bC',
  'straße',
  'strasse',
  'ı',
  'i',
  'İ',
  'か',
  'カ',
  '\u304c',
  'か\u3099',
  '1',
  '01',
  '1.0',
  '1e0',
  '0x1',
  '-0',
  '0',
  '',
];

export const ODD_KEYS = [
  'with spaces',
  `quotes ' " \` ''`,
  'back\\slash \\0 \\n \\\\',
  'per%cent under_score',
  'glob * ? [a-z] {a,b}',
  'a.b.$c',
  '$ne',
  '../../etc/passwd',
  'a:b::c:',
  '{tag}:rest',
  'line\nbreak\r\ttab',
  '中文🐼👩‍👩‍👧',
  '__proto__',
  'constructor',
  'toString',
  '; DROP TABLE x; --',
  // Only the end tells them apart.
  `long-${'k'.repeat(160)}a`,
  `long-${'k'.repeat(160)}b`,
];

export const VALUES = {
  'nothing at all': '',
  'every byte': Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join(''),
  emoji: '🐼👩‍👩‍👧🇨🇳👍🏽 and 𠮷野家',
  'every kind of line end': 'a\r\nb\nc\rd\u0085e\u2028f\u2029',
  'white space at both ends': ' \t value \n ',
  'a byte order mark': '\ufeffvalue',
  'noncharacters of Unicode': '\uffff\ufdd0\u{10ffff}',
  JSON: '{"value":"x","expires":1}',
  'a JSON string': '"text"',
  null: 'null',
  'a number': '0012.50',
  'a base64 mark': ':base64:aGVsbG8=',
  'a colon in front': ':value',
  'SQL and shell': `'; DROP TABLE t; -- \\' $(id) %s {0}`,
  'a sealed value': `v1.${'Ab-_'.repeat(200)}`,
};

/** By name, for the message when one of them comes back changed. */
export const LARGE_VALUES = {
  '64 KiB of letters': 'Ab-_'.repeat(16_384),
  '64 KiB of emoji': '🐼'.repeat(16_384),
  // Three bytes each: a limit in UTF-16 units would let three times as much through as one in
  // bytes.
  '64 KiB of Chinese': '微'.repeat(21_845),
};
