// Time and chance as they are outside of tests.
import { systemRuntime } from '../../../lib/common/runtime.js';
import { runScript } from '../../support/child-process.js';

describe('systemRuntime', () => {
  it('tells the time of the machine, or of the clock it is given', () => {
    expect(Math.abs(systemRuntime(Date.now).now() - Date.now())).toBeLessThan(1_000);
    expect(systemRuntime(() => 42).now()).toBe(42);
  });

  it('gives chance between 0 and 1, and random bytes', () => {
    const { random, randomBytes } = systemRuntime(Date.now);
    const values = Array.from({ length: 100 }, () => random());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(new Set(values).size).toBeGreaterThan(90);
    expect(randomBytes(16)).toHaveLength(16);
    expect(randomBytes(16).equals(randomBytes(16))).toBe(false);
  });

  it('pauses', async () => {
    const startedAt = performance.now();
    await systemRuntime(Date.now).sleep(20);
    expect(performance.now() - startedAt).toBeGreaterThan(15);
  });

  it('keeps no process alive for a pause', () => {
    const { status, stdout } = runScript(
      `import { systemRuntime } from './common/runtime.ts';
       systemRuntime(Date.now).sleep(3_600_000).then(() => console.log('woke up'));
       console.log('done');`,
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'done\n' });
  });
});
