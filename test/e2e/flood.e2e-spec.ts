// What a flood of visitors costs who start a login and never come back: nothing that stays.
import { once } from 'node:events';
import type { FloodReport } from '../support/flood-starts.js';
import { forkScript } from '../support/child-process.js';

describe('A hundred thousand logins that only start', () => {
  it('leave the heap as it was, and no timer that keeps the process alive', async () => {
    const child = forkScript('flood-starts.ts', { starts: 100_000 }, ['--expose-gc']);
    let errors = '';
    child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const reports: FloodReport[] = [];
    child.on('message', (report: FloodReport) => {
      reports.push(report);
      // The channel to the parent must not be what it lives for.
      child.disconnect();
    });

    const [code] = await once(child, 'exit');

    expect([code, errors]).toEqual([0, '']);
    expect(reports).toEqual([{ started: 100_000, states: 100_000, growth: expect.any(Number) }]);
    expect(reports[0]!.growth).toBeLessThan(5 * 1_024 * 1_024);
  }, 120_000);
});
