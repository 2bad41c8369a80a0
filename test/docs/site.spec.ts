// The site that `npm run docs` builds: every page is there in both languages, every link inside it
// leads to a page and a heading, and the search knows Chinese words.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../packaging/pack.js';
import { pairs } from './pages.js';

const site = join(root, 'docs/.vitepress/dist');

beforeAll(() => void run('npm', ['run', 'docs']));

const nameOf = (path: string) => path.replace(/^docs\/|(\.zh-CN)?\.md$/g, '').replace('README', 'index');
const names = pairs
  .map(([path]) => path)
  .filter((path) => /^(docs\/[\w-]+|README)\.md$/.test(path))
  .map(nameOf);
const files = () =>
  readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
const html = (file: string) => readFileSync(join(site, file), 'utf8');

/** Where a link of the site leads, as a file. */
function fileAt(path: string): string {
  const bare = path.replace(/^\//, '');
  if (bare === '' || bare.endsWith('/')) return `${bare}index.html`;
  return /\.\w+$/.test(bare) ? bare : `${bare}.html`;
}

const siblingOf = (file: string) => (file.startsWith('zh/') ? file.slice(3) : `zh/${file}`);

it('has every page in both languages', () => {
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) {
    expect([name, html(`${name}.html`).includes('lang="en"')]).toEqual([name, true]);
    expect([name, html(`zh/${name}.html`).includes('lang="zh-CN"')]).toEqual([name, true]);
  }
  // Nobody finds a page that the sidebar does not name.
  for (const name of names.filter((one) => one !== 'index')) {
    expect(html('index.html')).toContain(`href="/${name}"`);
    expect(html('zh/index.html')).toContain(`href="/zh/${name}"`);
  }
});

it('leads nowhere that is not there, and never from one language into the other but by its switch', () => {
  const faults: string[] = [];
  for (const file of files().filter((one) => one !== '404.html')) {
    const text = html(file);
    const [, main = ''] = /<main[^>]*>(.*)<\/main>/s.exec(text) ?? [];
    for (const [, link] of text.matchAll(/<a [^>]*href="([^"]+)"/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      const [path, anchor] = link!.split('#') as [string, string?];
      const target = path === '' ? file : fileAt(path);
      if (!existsSync(join(site, target))) faults.push(`${file}: ${link}`);
      else if (anchor && !html(target).includes(`id="${decodeURIComponent(anchor)}"`))
        faults.push(`${file}: ${link}`);
    }
    const zh = file.startsWith('zh/');
    for (const [, link] of main.matchAll(/<a [^>]*href="(\/[^"]*)"/g))
      // Some pages have a switch of their own, for readers of the repository.
      if (link!.startsWith('/zh') !== zh && siblingOf(file) !== fileAt(link!))
        faults.push(`${file}: ${link} is of the other language`);
  }
  expect(faults).toEqual([]);
});

it('sends readers to the repository for what is no page', () => {
  const elsewhere = files().flatMap((file) =>
    [
      ...html(file).matchAll(
        /href="https:\/\/github\.com\/OWNER\/nestjs-wechat-oauth\/blob\/main\/([^"#]+)/g,
      ),
    ].map(([, path]) => path!),
  );
  expect(elsewhere).toContain('SECURITY.md');
  expect(elsewhere.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it.each([
  ['root', ['revocable', 'unionid', 'nginx'], '/'],
  ['zh', ['revocable', '登录', '手机号', '会话'], '/zh/'],
])('finds words of the language: %s', (language, words, folderOfPages) => {
  const folder = join(site, 'assets/chunks');
  const chunk = readdirSync(folder).find((file) => file.includes(`localSearchIndex${language}.`));
  const index = readFileSync(join(folder, chunk!), 'utf8');
  // As words of their own, not as a part of a sentence without blanks.
  const isThere = (word: string) => new RegExp(`[^\\p{L}]${word}[^\\p{L}]`, 'u').test(index);
  expect(words.filter((word) => !isThere(word))).toEqual([]);
  const places = [...index.matchAll(/\\?"(\/[^"#\\]*)#/g)].map(([, place]) => place!);
  const strays = places.filter((place) => (place.startsWith('/zh/') ? '/zh/' : '/') !== folderOfPages);
  expect([places.length > 100, strays]).toEqual([true, []]);
});
