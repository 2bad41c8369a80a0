// One at a time for each key, and nobody waits for another key.
import { Turns } from '../../../lib/common/turns.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('Turns', () => {
  it('of one key come one after the other, in their order, and give what they come to', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const take = (name: string) =>
      turns.take('key', async () => {
        log.push(`${name} begins`);
        await settle();
        log.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all([take('a'), take('b'), take('c')])).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('of other keys do not wait', async () => {
    const turns = new Turns();
    let release!: () => void;
    const held = turns.take('held', () => new Promise<void>((resolve) => (release = resolve)));
    expect(await turns.take('free', async () => 'at once')).toBe('at once');
    await settle();
    release();
    await held;
  });

  it('that fail hold nobody up, and fail for their own caller alone', async () => {
    const turns = new Turns();
    const first = turns.take('key', () => Promise.reject(new Error('first')));
    const second = turns.take('key', async () => 'second');
    await expect(first).rejects.toThrow('first');
    expect(await second).toBe('second');
  });

  it('leave nothing behind when all are over, and wait for whoever comes before that', async () => {
    const turns = new Turns();
    const { last } = turns as unknown as { last: Map<string, unknown> };
    let running = 0;
    const one = async () => {
      expect(++running).toBe(1);
      await settle();
      running--;
    };
    const early = turns.take('key', one);
    const late = early.then(() => turns.take('key', one));
    const between = turns.take('key', one);
    await Promise.all([early, between, late, turns.take('key', one)]);
    await turns.take('other', () => Promise.reject(new Error('x'))).catch(() => {});
    expect(last.size).toBe(0);
  });
});
