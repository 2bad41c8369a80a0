// The end of a login by a scan: by digits or by the button, in time, and for nobody else.
import { Logger } from '@nestjs/common';
import { DIGITS, FinishKit, FIRST } from '../../../support/finish-kit.js';
import { settle } from '../../../support/hand-clock.js';

let kit: FinishKit;
beforeEach(async () => {
  Logger.overrideLogger(false);
  kit = await FinishKit.begin();
});

describe('digits', () => {
  it('the right ones finish it', async () => {
    await kit.scanned();
    expect(await kit.process().type(DIGITS)).toEqual(FIRST);
    expect(kit.events).toEqual(['scan.confirmed']);
  });

  it('before anybody has scanned there are none', async () => {
    expect(await kit.process().type('000000')).toEqual({ kind: 'early' });
  });

  it('three wrong ones end it, over two processes, and the right ones come too late', async () => {
    await kit.scanned();
    const [a, b] = [kit.process(), kit.process()];
    expect([await a.type('999999'), await b.type('999998'), await a.type('999997')]).toEqual([
      { kind: 'wrong', left: 2 },
      { kind: 'wrong', left: 1 },
      { kind: 'void' },
    ]);
    expect([await b.type(DIGITS), kit.runs, kit.events]).toEqual([{ kind: 'void' }, 0, ['scan.void']]);
  });

  it.each([undefined, '', '12345', '0123456', 'abcdef', '０１２３４５', ' 12345', '012345\n'])(
    'what is no attempt (%j) costs none',
    async (digits) => {
      await kit.scanned();
      for (let round = 0; round < 5; round++)
        expect(await kit.process().type(digits)).toEqual({ kind: 'wrong', left: 3 });
      expect(kit.runs).toBe(0);
    },
  );

  it('a hundred guesses at once are three', async () => {
    await kit.scanned();
    const both = [kit.process(), kit.process()] as const;
    const guesses = Array.from({ length: 100 }, (_, index) => both[index % 2]!.type(String(500_000 + index)));
    const kinds = (await Promise.all(guesses)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'wrong').length).toBeLessThanOrEqual(2);
    expect([await both[0].type(DIGITS), kit.runs]).toEqual([{ kind: 'void' }, 0]);
  });

  it('after its time they are nothing', async () => {
    await kit.scanned();
    kit.clock.time += 180_000;
    expect([await kit.process().type(DIGITS), kit.runs]).toEqual([{ kind: 'expired' }, 0]);
  });
});

describe('the button', () => {
  it('finishes nothing before "yes", and after it without digits', async () => {
    await kit.scanned('v1.ticket');
    expect([await kit.process().type(), await kit.process().type(DIGITS)]).toEqual([
      { kind: 'early' },
      { kind: 'early' },
    ]);
    await kit.agreed();
    expect(await kit.process().type()).toEqual(FIRST);
  });
});

describe('what came of it', () => {
  it('is given for a minute', async () => {
    await kit.scanned();
    await kit.process().type(DIGITS);
    await settle();
    kit.clock.time += 60_000;
    expect([await kit.process().type(), await kit.process().replay()]).toEqual([FIRST, FIRST.result]);
    kit.clock.time += 1;
    expect([await kit.process().type(), await kit.process().replay(), kit.runs]).toEqual([
      { kind: 'expired' },
      undefined,
      1,
    ]);
  });

  it('is not given once the session was ended', async () => {
    await kit.scanned();
    await kit.process().type(DIGITS);
    await settle();
    kit.isGood = false;
    expect([await kit.process().type(DIGITS), await kit.process().replay()]).toEqual([
      { kind: 'expired' },
      undefined,
    ]);
  });

  it('of a flow without a code, or of one that is gone, nothing comes', async () => {
    const gone = { scene: { id: 'j'.repeat(43), since: 0 } };
    const one = kit.process();
    expect([await one.type(DIGITS, gone), await one.type(DIGITS, {}), await one.replay({})]).toEqual([
      { kind: 'expired' },
      { kind: 'expired' },
      undefined,
    ]);
  });
});

it.each(['get', 'replaceIfEqual'])('fails closed while the kit.store is down (%s)', async (operation) => {
  await kit.scanned();
  kit.store.failing.add(operation);
  expect([await kit.process().type(DIGITS), await kit.process().type('999999'), kit.runs]).toEqual([
    { kind: 'again' },
    { kind: 'again' },
    0,
  ]);
});
