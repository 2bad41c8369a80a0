// Callers that want to see the same thing at the same time share a look, and none of them is told
// what was true before it asked.
import { SharedLook } from '../../../lib/tokens/shared-look.js';

describe('SharedLook', () => {
  let looks: SharedLook<number>;
  /** Ends the looks that are under way, in their order. */
  let ends: { resolve(value: number): void; reject(error: Error): void }[];
  const look = () => new Promise<number>((resolve, reject) => ends.push({ resolve, reject }));
  const settled = () => new Promise(setImmediate);

  beforeEach(() => {
    looks = new SharedLook();
    ends = [];
  });

  it('looks twice for a thousand who ask at once: for the first, and after that for all others', async () => {
    const answers = Promise.all(Array.from({ length: 1_000 }, () => looks.take('a', look)));
    expect(ends).toHaveLength(1);
    ends[0]!.resolve(1);
    await settled();
    expect(ends).toHaveLength(2);
    ends[1]!.resolve(2);

    expect(await answers).toEqual([1, ...Array.from({ length: 999 }, () => 2)]);
  });

  it('tells nobody what was seen before they asked, however often somebody asks', async () => {
    const asked: Promise<number>[] = [];
    for (let round = 0; round < 5; round++) {
      asked.push(looks.take('a', look), looks.take('a', look));
      ends[round]!.resolve(round);
      await settled();
    }
    ends[5]!.resolve(5);

    // In the first round one finds nobody looking; all others wait for the look after the one they
    // found.
    expect(await Promise.all(asked)).toEqual([0, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  });

  it('looks at once when nobody is looking any more', async () => {
    const first = looks.take('a', look);
    ends[0]!.resolve(1);
    expect(await first).toBe(1);
    const second = looks.take('a', look);
    expect(ends).toHaveLength(2);
    ends[1]!.resolve(2);
    expect(await second).toBe(2);
  });

  it('gives a failure to those who looked, and looks again for the others', async () => {
    const first = looks.take('a', look);
    const others = [looks.take('a', look), looks.take('a', look)];
    ends[0]!.reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    ends[1]!.reject(new Error('neither'));
    const outcomes = await Promise.allSettled(others);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const after = looks.take('a', look);
    ends[2]!.resolve(3);
    expect(await after).toBe(3);
  });

  it('keeps different keys apart', () => {
    for (const key of ['a', 'A', '__proto__', 'constructor']) void looks.take(key, look);
    expect(ends).toHaveLength(4);
  });
});
