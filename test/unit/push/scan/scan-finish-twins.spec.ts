// The end of a login by a scan, asked for several times: one request signs in, and what it made is
// what its twins get.
import { Logger } from '@nestjs/common';
import { DIGITS, FinishKit, FIRST, PATIENCE } from '../../../support/finish-kit.js';
import { settle } from '../../../support/hand-clock.js';

let kit: FinishKit;
beforeEach(async () => {
  Logger.overrideLogger(false);
  kit = await FinishKit.begin();
});

describe('twins', () => {
  it('in one process share one run', async () => {
    await kit.scanned();
    kit.hold();
    const one = kit.process();
    const all = [one.type(DIGITS), one.type(DIGITS), one.type(DIGITS)];
    await settle();
    expect(kit.until).toHaveLength(1);
    kit.until[0]!();
    await kit.clock.advance(1_000);
    expect(await Promise.all(all)).toEqual([FIRST, FIRST, FIRST]);
    expect([kit.runs, kit.events]).toEqual([1, ['scan.confirmed']]);
  });

  it('in another process wait for it', async () => {
    await kit.scanned();
    kit.hold();
    const [a, b] = [kit.process().type(DIGITS), undefined];
    await settle();
    const twin = kit.process().type(DIGITS);
    await kit.clock.advance(500);
    kit.until[0]!();
    await kit.clock.advance(200);
    expect([await a, await twin, kit.runs, b]).toEqual([FIRST, FIRST, 1, undefined]);
  });

  it('a claimer that is dead is taken over, and not before', async () => {
    await kit.scanned();
    kit.hold();
    void kit.process().type(DIGITS);
    await settle();
    kit.clock.time += PATIENCE;
    const patient = kit.process().type(DIGITS);
    await kit.clock.advance(100);
    expect(kit.runs).toBe(1);
    kit.handler = () => kit.answer();
    expect(await kit.process().type(DIGITS)).toEqual({
      ...FIRST,
      result: { kind: 'refused', code: 'run 2' },
    });
    // The one who waited for the dead one is told to come again, or gets what came of it.
    await kit.clock.advance(200);
    expect(['again', 'result']).toContain((await patient).kind);
    // The dead one was only slow: what it made is given to nobody else.
    kit.until[0]!();
    await settle();
    expect(await kit.process().replay()).toEqual({ kind: 'refused', code: 'run 2' });
  });

  it('waits no longer than somebody who lives can take', async () => {
    await kit.scanned();
    kit.hold();
    void kit.process().type(DIGITS);
    await settle();
    const twin = kit.process().type(DIGITS);
    await kit.clock.advance(PATIENCE + 1_000);
    expect([await twin, kit.runs]).toEqual([{ kind: 'again' }, 1]);
  });

  it('who was taken for dead and fails then does not give back the claim of the next one', async () => {
    await kit.scanned();
    let fail = () => {};
    kit.handler = () => new Promise((_, reject) => (fail = () => reject(new RangeError('x'))));
    const dead = kit.process().type(DIGITS);
    dead.catch(() => {});
    await settle();
    kit.clock.time += PATIENCE + 1;
    kit.hold();
    const next = kit.process().type(DIGITS);
    await settle();
    fail();
    await expect(dead).rejects.toThrow(RangeError);
    const third = kit.process().type(DIGITS);
    await kit.clock.advance(200);
    expect(kit.runs).toBe(2);
    kit.until[0]!();
    await kit.clock.advance(200);
    const second = { ...FIRST, result: { kind: 'refused', code: 'run 2' } };
    expect([await next, await third]).toEqual([second, second]);
  });
});

describe('a login handler that throws', () => {
  it('gives it back, and the same digits work again', async () => {
    await kit.scanned();
    kit.throws();
    await expect(kit.process().type(DIGITS)).rejects.toThrow(RangeError);
    kit.handler = () => kit.answer();
    expect(await kit.process().type(DIGITS)).toEqual({
      ...FIRST,
      result: { kind: 'refused', code: 'run 2' },
    });
  });

  it('a twin elsewhere is told to try again', async () => {
    await kit.scanned();
    let fail = () => {};
    kit.handler = () => new Promise((_, reject) => (fail = () => reject(new RangeError('x'))));
    const one = kit.process().type(DIGITS);
    one.catch(() => {});
    await settle();
    const twin = kit.process().type(DIGITS);
    fail();
    await kit.clock.advance(200);
    expect(await twin).toEqual({ kind: 'again' });
    await expect(one).rejects.toThrow(RangeError);
  });

  it('wrong digits of before still count', async () => {
    await kit.scanned();
    await kit.process().type('999999');
    await kit.process().type('999999');
    kit.throws();
    await expect(kit.process().type(DIGITS)).rejects.toThrow(RangeError);
    expect(await kit.process().type('999999')).toEqual({ kind: 'void' });
  });
});
