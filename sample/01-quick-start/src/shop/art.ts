// Pictures, drawn here so that nothing is loaded from anywhere.
import { html } from './html.js';

export const LEAF = html`<svg class="leaf" viewBox="0 0 40 40" aria-hidden="true">
  <circle cx="20" cy="20" r="20" fill="#2f4a3a" />
  <path d="M10.5 27.5C9 16 17 9.5 30.5 9.5c.6 12.5-6 21-17.5 19.5z" fill="#c9d8b6" />
  <path
    d="M9.5 31.5C13 24 18 18.5 25.5 14.5"
    fill="none"
    stroke="#2f4a3a"
    stroke-width="1.6"
    stroke-linecap="round"
  />
</svg>`;

/** A moon gate with tea hills behind it and a covered bowl in front. */
export const SCENE = html`<svg
  class="scene"
  viewBox="0 0 400 360"
  role="img"
  aria-label="月洞门外的茶山，门前一盏盖碗"
>
  <defs>
    <clipPath id="gate"><circle cx="200" cy="170" r="150" /></clipPath>
    <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#f3dfc0" />
      <stop offset="1" stop-color="#eef0df" />
    </linearGradient>
    <linearGradient id="bowl" x1="0" y1="0" x2="1" y2="0">
      <stop offset="0" stop-color="#ffffff" />
      <stop offset=".7" stop-color="#f4efe6" />
      <stop offset="1" stop-color="#ddd4c4" />
    </linearGradient>
  </defs>
  <circle cx="200" cy="170" r="158" fill="#e3d9c5" />
  <g clip-path="url(#gate)">
    <rect width="400" height="360" fill="url(#sky)" />
    <circle cx="262" cy="104" r="28" fill="#d9824b" />
    <path d="M30 190C80 130 120 118 160 158s60-46 110-38 70 50 110 60v180H30z" fill="#c3d0b4" />
    <path d="M30 222c40-42 92-52 140-16s92-34 142-16 60 30 70 36v140H30z" fill="#94ae88" />
    <path d="M30 262c50-38 110-34 160-8s120-16 190 2v110H30z" fill="#5f8465" />
    <g fill="none" stroke="#4c7055" stroke-width="3" stroke-linecap="round">
      <path d="M70 268c42-22 86-16 124 2" />
      <path d="M64 286c46-22 96-16 136 2" />
      <path d="M226 274c40-10 78-8 112-2" />
      <path d="M222 292c44-10 84-8 120-2" />
    </g>
    <g fill="none" stroke="#7d7364" stroke-width="2.4" stroke-linecap="round">
      <path d="M108 92c6-6 11-6 15 0 4-6 9-6 15 0" />
      <path d="M140 116c4-4 8-4 11 0 3-4 7-4 11 0" />
    </g>
  </g>
  <path d="M64 322h272" stroke="#8a5a36" stroke-width="7" stroke-linecap="round" />
  <ellipse cx="200" cy="316" rx="86" ry="11" fill="#cfc3ae" />
  <ellipse cx="200" cy="312" rx="82" ry="10" fill="#fbf8f2" />
  <path d="M134 238c2 46 26 70 48 72h36c22-2 46-26 48-72z" fill="url(#bowl)" />
  <path d="M143 262c36 9 78 9 114 0" fill="none" stroke="#5f8465" stroke-width="2.5" />
  <path d="M172 284c6-14 18-18 30-12-4 12-16 18-30 12z" fill="#5f8465" />
  <path d="M204 282c8-10 18-11 26-4-6 8-16 10-26 4z" fill="#94ae88" />
  <ellipse cx="200" cy="238" rx="66" ry="13" fill="#fffdf8" />
  <ellipse cx="200" cy="239" rx="58" ry="9.5" fill="#b98b3c" />
  <ellipse cx="186" cy="237" rx="22" ry="3" fill="#d8b264" />
  <g fill="none" stroke="#fffdf8" stroke-width="5" stroke-linecap="round" opacity=".85">
    <path d="M180 216c-10-14 10-22 0-38" />
    <path d="M202 210c-10-16 12-26 0-46" />
    <path d="M224 216c-10-14 10-22 0-38" />
  </g>
</svg>`;

/** WeChat-green buttons carry two speech bubbles, drawn freely: the logo itself is WeChat's. */
export const BUBBLES = html`<svg class="bubbles" viewBox="0 0 28 24" aria-hidden="true">
  <path
    d="M11 1C5 1 1 4.8 1 9.3c0 2.6 1.4 4.8 3.6 6.3L4 19l3.7-2c1 .3 2.1.5 3.3.5 6 0 10-3.7 10-8.2S17 1 11 1z"
    fill="currentColor"
  />
  <path
    d="M27 15.6c0-3.8-3.5-6.6-7.6-6.6s-7.5 2.8-7.5 6.6 3.4 6.6 7.5 6.6c.9 0 1.8-.1 2.6-.4l2.9 1.5-.6-2.6c1.7-1.2 2.7-3 2.7-5.1z"
    fill="currentColor"
    stroke="#07c160"
    stroke-width="1.5"
  />
</svg>`;
