// Random bytes, drawn from the system ahead of time: asked for a few of them, it takes far longer
// than what they are for.
import { randomFillSync } from 'node:crypto';

const DRAWN = 4_096;
let pool = Buffer.alloc(0);
let used = 0;

/** As `randomBytes` of node:crypto. No byte is given out twice, and none stays behind here. */
export function randomBytes(size: number): Buffer {
  if (used + size > pool.length) {
    pool = randomFillSync(Buffer.alloc(Math.max(DRAWN, size)));
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + size));
  pool.fill(0, used, (used += size));
  return bytes;
}
