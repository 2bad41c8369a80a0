// What holds for every page: its links lead somewhere, both languages say the same in the same
// order, and each is short enough to be read.
import { faultOf, type Page, pages, pairs } from './pages.js';

const shape = ({ headings }: Page) => headings.map(({ level }) => level);

/** Drawings and logs may speak the language of the page. */
const codeOf = ({ blocks }: Page) =>
  blocks.map(({ language, text }) => (language === 'text' ? language : `${language}\n${text}`));

const OWN_LANGUAGE_ONLY = /^(CHANGELOG|SECURITY|test\/|sample\/\d|\.github\/)/;

it('finds the pages', () => {
  expect(pairs.length).toBeGreaterThan(20);
  expect(pages.has('README.md')).toBe(true);
});

it.each([...pages.values()].map((page) => [page.path, page] as const))(
  '%s links to what is there',
  (_path, page) => {
    expect(page.links.map((link) => faultOf(page, link)).filter(Boolean)).toEqual([]);
  },
);

it('has every page for readers in both languages', () => {
  const chinese = new Set(pairs.map(([, , { path }]) => path));
  const alone = [...pages.keys()].filter(
    (path) =>
      !OWN_LANGUAGE_ONLY.test(path) && !chinese.has(path) && !pairs.some(([english]) => english === path),
  );
  expect(alone).toEqual([]);
});

describe.each(pairs)('%s', (path, english, chinese) => {
  it('has the same headings in number and level in both languages', () => {
    expect(shape(chinese)).toEqual(shape(english));
    expect(english.headings[0]!.level).toBe(1);
  });

  it('has the same code in both languages', () => {
    expect(codeOf(chinese)).toEqual(codeOf(english));
  });

  it('is linked from the other language only where it says so', () => {
    const strays = (page: Page, isOther: (link: string) => boolean) =>
      page.links.filter((link) => !/^[a-z]+:/.test(link) && isOther(link) && pages.has(link));
    const toSibling = (link: string) => link.replace(/^\.\//, '') === chinese.path.split('/').at(-1);
    expect(english.links.filter((link) => /\.zh-CN\.md/.test(link) && !toSibling(link))).toEqual([]);
    expect(strays(chinese, (link) => /(?<!\.zh-CN)\.md/.test(link))).toEqual([]);
  });

  it('is short enough to be read', () => {
    const limit = path.startsWith('README') ? 200 : 260;
    for (const page of [english, chinese])
      expect(page.text.split('\n').length - 1).toBeLessThanOrEqual(limit);
  });

  it('speaks Chinese as WeChat does', () => {
    expect(chinese.text).not.toMatch(/您|帐号|帐户/);
    expect(chinese.text).toMatch(/[\u4e00-\u9fff]{8}/);
  });
});

it('leads from the README to every page for users', () => {
  for (const readme of ['README.md', 'README.zh-CN.md']) {
    const linked = new Set(
      pages.get(readme)!.links.map((link) => link.replace(/^\.\/|#.*$/g, '').replace('./', '')),
    );
    const zh = readme.includes('zh-CN');
    const missing = pairs
      .map(([path, , chinese]) => (zh ? chinese.path : path))
      .filter((path) => path.startsWith('docs/') && !linked.has(path));
    expect(missing).toEqual([]);
  }
});
