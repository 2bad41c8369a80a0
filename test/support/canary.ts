// Looks for values that must be nowhere, in every way in which an error or an object gets into a
// log or an answer.
import { inspect } from 'node:util';

/** All that loggers, serializers and debuggers may show of a value. */
export function everythingOf(value: unknown): string {
  const shown = [
    String(value),
    inspect(value, { depth: 10, showHidden: true }),
    inspect(value, { depth: 10, showHidden: true, getters: true }),
    inspect(value, { depth: 10, showHidden: true, customInspect: false }),
    json(value),
  ];
  if (value instanceof Error) {
    shown.push(value.message, value.stack ?? '');
    // As serializers for errors do it: own properties, the hidden ones too.
    shown.push(
      json(
        Object.fromEntries(Object.getOwnPropertyNames(value).map((name) => [name, Reflect.get(value, name)])),
      ),
    );
  }
  return shown.join('\n');
}

export function expectFreeOf(value: unknown, secrets: readonly string[]): void {
  const shown = everythingOf(value);
  expect(secrets.filter((secret) => spellings(secret).some((spelling) => shown.includes(spelling)))).toEqual(
    [],
  );
}

/** As it is, as it stands in a URL, and as it stands in quotes. */
function spellings(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    inspect(secret).slice(1, -1),
  ];
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    return String(error);
  }
}
