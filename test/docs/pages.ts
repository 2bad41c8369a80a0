// The pages that people read, in both languages, taken apart: headings, code, links.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A block between two fences. */
export interface Block {
  /** What stands behind the fence, e.g. `ts`. */
  language: string;
  text: string;
  /** Of its first line, counted from 1. */
  line: number;
  /** From a comment in the first line, e.g. `src/app.module.ts`. */
  file: string | undefined;
}

export interface Page {
  /** From the root, e.g. `docs/guard.md`. */
  path: string;
  text: string;
  headings: { level: number; text: string }[];
  blocks: Block[];
  /** Targets of links and pictures, as they are written. */
  links: string[];
}

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))
  .sort();

/** Every page of the repository by its path. */
export const pages = new Map(tracked.map((path) => [path, read(path)]));

/** Pages in English that have a sibling in Chinese, with it. */
export const pairs = [...pages.values()].flatMap((english) => {
  const chinese = pages.get(english.path.replace(/\.md$/, '.zh-CN.md'));
  return chinese ? [[english.path, english, chinese] as const] : [];
});

function read(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  const page: Page = { path, text, headings: [], blocks: [], links: [] };
  let block: Block | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence && block) {
      block.file = /^\/\/ ([\w./-]+\.[cm]?[jt]sx?)$/.exec(block.text.split('\n')[0]!)?.[1];
      page.blocks.push(block);
      block = undefined;
    } else if (fence) block = { language: fence[1]!, text: '', line: index + 2, file: undefined };
    else if (block) block.text += `${line}\n`;
    else readLine(line, page);
  }
  if (block) throw new Error(`${path}: a block is not closed`);
  return page;
}

function readLine(line: string, page: Page): void {
  const heading = /^(#{1,6}) (.+)$/.exec(line);
  if (heading) page.headings.push({ level: heading[1]!.length, text: heading[2]! });
  const prose = line.replace(/`[^`]*`/g, '');
  for (const [, target] of prose.matchAll(/\]\(<?([^)\s>]+)>?\)/g)) page.links.push(target!);
  for (const [, target] of prose.matchAll(/(?:src|href)="([^"]+)"/g)) page.links.push(target!);
}

/** The anchors of a page, as GitHub makes them. */
export function anchorsOf({ headings }: Page): Set<string> {
  const anchors = new Set<string>();
  for (const { text } of headings) {
    const words = text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** What is wrong with a link of a page; undefined for nothing, and for addresses elsewhere. */
export function faultOf(page: Page, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path, anchor] = link.split('#') as [string, string?];
  const target = path === '' ? page.path : posix.join(dirname(page.path), path);
  if (target.startsWith('..')) return `${link} leads out of the repository`;
  if (!existsSync(join(root, target))) return `${link}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  const other = pages.get(target);
  if (!other) return `${link}: ${target} has no headings`;
  return anchorsOf(other).has(decodeURIComponent(anchor))
    ? undefined
    : `${link}: no such heading in ${target}`;
}
