// What a package adds to the start of an application, beside @nestjs/passport with passport-jwt.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './rounds.mjs';

const FILE = fileURLToPath(new URL('starting.mjs', import.meta.url));
const once = (side) =>
  JSON.parse(
    execFileSync(process.execPath, [FILE, side], {
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: 'production' },
    }),
  );

/** @returns medians in ms: the import, and what the start takes beyond an application without it */
export function measureStart({ rounds }) {
  const figures = { none: [], passport: [], ours: [] };
  for (let round = -1; round < rounds; round++) {
    for (const side of Object.keys(figures)) {
      const one = once(side);
      if (round >= 0) figures[side].push(one);
    }
  }
  const by = (side, fact) => median(figures[side].map((one) => one[fact]));
  const beyond = (side) => by(side, 'start') - by('none', 'start');
  return {
    import: { ours: by('ours', 'import'), passport: by('passport', 'import') },
    start: { ours: beyond('ours'), passport: beyond('passport') },
  };
}
