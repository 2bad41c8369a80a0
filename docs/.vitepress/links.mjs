// The pages are written for the repository: their links are relative, with `.md`. In the site they
// lead to the pages of the site, and what is no page of it to the repository.
import { dirname, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const pages = fileURLToPath(new URL('pages', import.meta.url));
const REPOSITORY = 'https://github.com/OWNER/nestjs-wechat-oauth';

/** Where a file of the repository stands in the site, e.g. `zh/guard.md`; undefined for none. */
export function placeOf(file) {
  const [, folder, name, zh] = /^(docs\/)?([\w-]+?)(\.zh-CN)?\.md$/.exec(file) ?? [];
  if (name === undefined || (name === 'README') === (folder !== undefined)) return undefined;
  if (folder === undefined && name !== 'README') return undefined;
  return `${zh ? 'zh/' : ''}${name === 'README' ? 'index' : name}.md`;
}

/** The other way round. */
function fileAt(place) {
  const [, zh, name] = /^(zh\/)?([\w-]+)\.md$/.exec(place);
  return `${name === 'index' ? 'README' : `docs/${name}`}${zh ? '.zh-CN' : ''}.md`;
}

/** As GitHub makes them, so that one link serves both. */
export function slugify(text) {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function addressOf(file, link) {
  if (/^([a-z]+:|#)/.test(link)) return link;
  const [path, anchor] = link.split('#');
  const target = posix.join(dirname(file), path);
  const place = placeOf(target);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (place) return `/${place.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}${hash}`;
  return `${REPOSITORY}/blob/main/${target}${hash}`;
}

/** A plugin of markdown-it. */
export function siteLinks(md) {
  md.core.ruler.push('site-links', ({ tokens, env }) => {
    const file = fileAt(relative(pages, env.path).split(sep).join('/'));
    for (const token of tokens.flatMap((one) => one.children ?? [])) {
      if (token.type === 'link_open') token.attrSet('href', addressOf(file, token.attrGet('href')));
    }
  });
}
