// Random bytes that were drawn ahead: as many as asked for, none twice.
import { randomBytes } from '../../../lib/common/random-bytes.js';

it('are as many as were asked for, also more than are drawn at once', () => {
  for (const size of [0, 1, 5, 12, 4_095, 4_096, 4_097, 20_000]) {
    const bytes = randomBytes(size);
    expect(bytes).toHaveLength(size);
    expect(new Set(bytes).size).toBeGreaterThanOrEqual(Math.min(size, 50) / 2);
  }
});

it('are never given out twice', () => {
  const seen = new Set(Array.from({ length: 20_000 }, () => randomBytes(12).toString('hex')));
  expect(seen.size).toBe(20_000);
});

it('belong to whoever asked: what is done with them changes nobody else’s, and none stays behind', () => {
  const first = randomBytes(16);
  const kept = Buffer.from(first);
  const second = randomBytes(16);
  second.fill(0);
  expect(first).toEqual(kept);
  // Not a view of the whole pool, from which others could be read.
  expect(Buffer.from(first.buffer).includes(kept)).toBe(true);
  const third = randomBytes(16);
  first.fill(0);
  expect(third.equals(Buffer.alloc(16))).toBe(false);
});

it('are spread over all values', () => {
  const counts = Array.from({ length: 256 }, () => 0);
  for (const byte of randomBytes(256 * 400)) counts[byte]!++;
  expect(Math.min(...counts)).toBeGreaterThan(250);
  expect(Math.max(...counts)).toBeLessThan(550);
});
