// What a package takes at the start of an application, beside @nestjs/passport with passport-jwt.
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

/** @returns medians in ms: the import of the package, and the start of an application that uses it */
export function measureStart({ rounds }) {
  const figures = { passport: [], ours: [] };
  for (let round = -1; round < rounds; round++) {
    for (const side of Object.keys(figures)) {
      const one = once(side);
      if (round >= 0) figures[side].push(one);
    }
  }
  const by = (side, fact) => median(figures[side].map((one) => one[fact]));
  return {
    import: { ours: by('ours', 'import'), passport: by('passport', 'import') },
    start: { ours: by('ours', 'start'), passport: by('passport', 'start') },
  };
}
