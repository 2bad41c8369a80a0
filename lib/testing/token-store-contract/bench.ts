// What a case of the token-store contract works with: clients, keys, and assertions that name what
// a database did.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenStore } from '../../tokens/token-store.js';
import type { TokenStoreHarness } from './harness.js';

/** Clients are closed and keys deleted when the case ends. */
export interface Bench {
  harness: TokenStoreHarness;
  open(): Promise<TokenStore>;
  /** Closes what is open, as the end of a process does. */
  closeAll(): Promise<void>;
  /** A key nobody else uses; keys of one case differ in their suffix only. */
  key(suffix?: string): string;
}

export async function onBench(
  harness: TokenStoreHarness,
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const prefix = `wechat:contract-${randomUUID().slice(0, 8)}:token:`;
  const keys = new Set<string>();
  const closing: (() => unknown)[] = [];
  const bench: Bench = {
    harness,
    open: async () => {
      const opened = await harness.open();
      if (opened.close) closing.push(() => opened.close!());
      return opened.store;
    },
    closeAll: async () => {
      for (const close of closing.splice(0)) await close();
    },
    key: (suffix = '') => {
      let key = `${prefix}${suffix}`;
      while (keys.has(key)) key += '+';
      keys.add(key);
      return key;
    },
  };
  const cleanUp = async (): Promise<void> => {
    try {
      const store = await bench.open();
      for (const key of keys) await store.delete(key);
    } finally {
      await bench.closeAll();
    }
  };
  try {
    await test(bench);
  } catch (error) {
    // The reason for the failure often makes the cleaning fail too, and is the one to read.
    await cleanUp().catch(() => undefined);
    throw error;
  }
  await cleanUp();
}

/** `assert.equal` that shows both. */
export function equal(actual: unknown, expected: unknown, message?: string): void {
  assert.equal(actual, expected, message && `${message}: got ${show(actual)}, expected ${show(expected)}`);
}

/** `equal` for values too long or too strange to be printed: says where they part. */
export function same(actual: string | undefined, expected: string, what: string): void {
  if (actual === expected) return;
  if (typeof actual !== 'string') return equal(actual, expected, what);
  let at = 0;
  while (actual[at] === expected[at]) at++;
  assert.fail(
    `${what}: came back changed at ${at} (${show(actual.slice(at, at + 8))} for ${show(expected.slice(at, at + 8))}), ` +
      `${actual.length} of ${expected.length} characters`,
  );
}

/** Asks until the entry is gone. */
export async function untilGone(store: TokenStore, key: string, deadline: number): Promise<void> {
  while ((await store.get(key)) !== undefined) {
    assert(Date.now() < deadline, `${key} is still there a second after its time`);
    await sleep(20);
  }
}

/**
 * An operation on a store that is down has to reject; how soon is a matter of the client's
 * settings.
 */
export async function rejects(name: string, operation: () => Promise<unknown>): Promise<void> {
  const outcome = await settled(operation, REJECTS_WITHIN_MS);
  assert(outcome !== 'pending', `${name} has not settled after ${REJECTS_WITHIN_MS} ms`);
  assert(outcome === 'rejected', `${name} resolved although the server is down`);
}

export async function untilItAnswers(store: TokenStore, key: string): Promise<void> {
  const deadline = Date.now() + BACK_WITHIN_MS;
  while ((await settled(() => store.get(key), 2_000)) !== 'resolved') {
    assert(Date.now() < deadline, `no answer ${BACK_WITHIN_MS} ms after the server came back`);
    await sleep(50);
  }
}

const REJECTS_WITHIN_MS = 10_000;
const BACK_WITHIN_MS = 30_000;

async function settled(
  operation: () => Promise<unknown>,
  withinMs: number,
): Promise<'resolved' | 'rejected' | 'pending'> {
  const waiting = new AbortController();
  try {
    // Called here, not inside a `then`: an operation that throws instead of rejecting fails the
    // case.
    return await Promise.race([
      operation().then(
        () => 'resolved' as const,
        () => 'rejected' as const,
      ),
      sleep(withinMs, 'pending' as const, { signal: waiting.signal }),
    ]);
  } finally {
    waiting.abort();
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
