// The pictures of the test users: the first character of the nickname on a colour of its own.
import { createHash } from 'node:crypto';
import { Html, html } from './html.js';

const COLOURS = ['#10aeff', '#fa9d3b', '#6467f0', '#07c160', '#e2689b', '#2aa8a0', '#c87d2f', '#5a7de0'];

/**
 * A square picture of `size` pixels, in SVG. Without a nickname, or for a snapshot user: the grey
 * head.
 */
export function avatarSvg(user: { id: string; nickname: string } | undefined, size: number): string {
  const first = user && [...new Intl.Segmenter('zh').segment(user.nickname.trim())][0]?.segment;
  const frame = `xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 132 132"`;
  if (!user || first === undefined) {
    return `<svg ${frame}><rect width="132" height="132" fill="#d5d5d5"/><circle cx="66" cy="52" r="24" fill="#fff"/><path d="M20 124a46 40 0 0 1 92 0z" fill="#fff"/></svg>`;
  }
  const colour = COLOURS[createHash('sha256').update(user.id).digest()[0]! % COLOURS.length]!;
  return html`<svg ${new Html(frame)}>
    <rect width="132" height="132" fill="${colour}" />
    <text
      x="66"
      y="89"
      text-anchor="middle"
      font-family="PingFang SC,Microsoft YaHei,Noto Sans CJK SC,sans-serif"
      font-size="64"
      fill="#fff"
    >
      ${first}
    </text>
  </svg>`.text;
}
