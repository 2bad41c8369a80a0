// A picture that says "QR code" to a person and nothing to a scanner.
import { createHash } from 'node:crypto';
import { type Html, html } from './html.js';

const SIZE = 29;
const FINDER = 7;

/**
 * Three finder patterns and noise made from `seed`, with a plaque 测试 in the middle. The same for
 * the same seed.
 */
export function fakeQrCode(seed: string): Html {
  const noise = Buffer.concat(
    Array.from({ length: 4 }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest()),
  );
  let path = '';
  for (let index = 0; index < SIZE * SIZE; index++) {
    const [x, y] = [index % SIZE, Math.floor(index / SIZE)];
    const dark = noise[index >> 3]! & (1 << (index & 7));
    if (dark && !reserved(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  const far = SIZE - FINDER;
  return html`<svg viewBox="-1 -1 31 31" role="img" aria-label="示意二维码" shape-rendering="crispEdges">
    <path d="${path}" fill="#191919" />
    ${[
      [0, 0],
      [far, 0],
      [0, far],
    ].map(
      ([x, y]) =>
        html`<path d="M${x} ${y}h7v7h-7zm1 1v5h5v-5zm1 1h3v3h-3z" fill="#191919" fill-rule="evenodd" />`,
    )}
    <rect x="8.5" y="11" width="12" height="7" rx="1.2" fill="#07c160" />
    <text x="14.5" y="16" text-anchor="middle" font-size="4.2" font-weight="600" fill="#fff">测试</text>
  </svg>`;
}

function reserved(x: number, y: number): boolean {
  const [low, high] = [FINDER, SIZE - FINDER - 1];
  const corner = (x <= low && y <= low) || (x >= high && y <= low) || (x <= low && y >= high);
  return corner || (x >= 8 && x <= 20 && y >= 10 && y <= 18);
}
