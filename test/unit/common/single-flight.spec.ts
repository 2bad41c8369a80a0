// Callers that want the same thing at the same time share one piece of work; nobody shares what is
// over.
import { SingleFlight } from '../../../lib/common/single-flight.js';

describe('SingleFlight', () => {
  it('does the work once for all who ask while it is under way', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const work = async () => {
      await Promise.resolve();
      return ++runs;
    };
    expect(await Promise.all(Array.from({ length: 10 }, () => flights.run('a', work)))).toEqual(
      Array.from({ length: 10 }, () => 1),
    );
    expect(await flights.run('a', work)).toBe(2);
  });

  it('keeps different keys apart', async () => {
    const flights = new SingleFlight<string>();
    const keys = ['a', 'A', '__proto__', 'constructor'];
    expect(await Promise.all(keys.map((key) => flights.run(key, async () => key)))).toEqual(keys);
  });

  it('gives a failure to all who wait, and to nobody after them', async () => {
    const flights = new SingleFlight<string>();
    const failing = () => flights.run('a', async () => Promise.reject(new Error('no')));
    const outcomes = await Promise.allSettled([failing(), failing()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(flights.run('a', async () => 'yes')).resolves.toBe('yes');
  });
});
