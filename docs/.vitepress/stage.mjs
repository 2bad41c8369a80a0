// Lays the pages out as the site has them, a folder for each language: VitePress looks for the
// language of a page, and for what the search should find in it, by where its file stands.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeOf } from './links.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = fileURLToPath(new URL('pages', import.meta.url));

rmSync(pages, { recursive: true, force: true });
const files = [
  'README.md',
  'README.zh-CN.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
];
for (const file of files) {
  const place = placeOf(file);
  if (!place) continue;
  mkdirSync(join(pages, dirname(place)), { recursive: true });
  cpSync(join(root, file), join(pages, place));
}
for (const language of ['.', 'zh'])
  cpSync(join(root, 'docs/images'), join(pages, language, 'docs/images'), { recursive: true });
