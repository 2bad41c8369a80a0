// What a hundred thousand codes leave behind that nobody ever scans.
import { Logger } from '@nestjs/common';
import v8 from 'node:v8';
import vm from 'node:vm';
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';
import { ScanCodes } from '../../../../lib/push/scan/scenes/scan-codes.js';
import { ScanLimits } from '../../../../lib/push/scan/scenes/scan-limits.js';
import { ScanRecords } from '../../../../lib/push/scan/scenes/scan-records.js';
import { TokenStore } from '../../../../lib/tokens/token-store.js';
import { FakeRuntime, makeParts } from '../../../support/parts.js';
import { PUSH } from '../../../support/push-kit.js';

/** Says yes to everything and keeps nothing. */
class ForgetfulStore extends TokenStore {
  get = async () => undefined;
  set = async () => {};
  delete = async () => {};
  setIfAbsent = async () => true;
  replaceIfEqual = async () => true;
}

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc') as () => void;
function heap(): number {
  for (let round = 0; round < 3; round++) gc();
  return process.memoryUsage().heapUsed;
}

it('the heap grows by less than 5 MB', async () => {
  Logger.overrideLogger(false);
  const { config, app, vault, events } = makeParts(
    {
      push: PUSH,
      scan: true,
      publicUrl: 'https://a.example',
      sessionSecret: 'memory-secret-0123456789abcdefgh',
    },
    { store: new ForgetfulStore() },
  );
  const runtime = new FakeRuntime();
  const limits = new ScanLimits(config, vault, runtime);
  const calls = { call: async () => ({ url: 'http://weixin.qq.com/q/02abc' }) };
  const records = new ScanRecords(vault, runtime);
  const codes = new ScanCodes(config, calls as never, limits, records, events, runtime);
  const drawn = { shown: 0, others: 0 };
  const draw = async (many: number, from: number) => {
    for (let index = from; index < from + many; index++) {
      const ip = `20${index >> 16}.${(index >> 8) & 255}.${index & 255}.1`;
      // 50 a minute: below what there is for all.
      runtime.time += 1_200;
      const code = await codes.draw(
        app,
        new HttpRequest({ ip, headers: { 'user-agent': 'Chrome/1 Windows' } }),
      );
      drawn[typeof code === 'object' && 'shown' in code ? 'shown' : 'others']++;
    }
  };
  // What is bounded is full after this, and the compiler has done its work.
  await draw(12_000, 0);
  const before = heap();
  await draw(100_000, 12_000);
  expect((heap() - before) / 1e6).toBeLessThan(5);
  expect(drawn).toEqual({ shown: 112_000, others: 0 });
  // For a machine that has other things to do.
}, 240_000);
