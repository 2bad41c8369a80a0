// Reads the files by which WeChat sees that a domain is ours. Whoever has one answered at a domain
// can use that domain for their account, so each is named in full, with all it says.
import { check, isRecord } from '../read-value.js';
import type { WechatConfig } from '../wechat-config.js';

const NAME = /^[0-9A-Za-z_-]{1,64}\.txt$/;
/** Printable ASCII: a line end or an invisible character in front is what WeChat does not take. */
const CONTENT = /^[\x20-\x7e]{1,1024}$/;
/** Of WeChat and WeCom: the content is a part of the name. */
const OWN_CONTENT = /^(?:MP|WW)_verify_([0-9A-Za-z]{16})\.txt$/;
const MAX_FILES = 100;

const FIX = 'Write ["MP_verify_A1b2C3d4E5f6G7h8.txt"], or { "6ynZPDvfTF.txt": "what is in the file" }.';

type Files = ReadonlyMap<string, string> | undefined;

/**
 * @returns undefined where there is none
 * @throws WechatConfigError for a name that is not one file's, or a content that cannot be one's
 */
export function readVerificationFiles(option: string, value: unknown): Files {
  if (value === undefined) return undefined;
  const isList = Array.isArray(value);
  check(isList || isPlain(value), option, 'is neither a list of names nor { name: content }', FIX);
  const entries: [unknown, unknown][] = isList
    ? value.map((name: unknown) => [name, contentOf(name)])
    : Object.entries(value);
  check(entries.length <= MAX_FILES, option, `has more than ${MAX_FILES} files`, FIX);
  const files = new Map<string, string>();
  for (const [name, content] of entries) {
    const isName = typeof name === 'string' && NAME.test(name);
    const fix = 'Write the name of the file as it was downloaded, without a path and without a pattern.';
    check(isName, option, `has a name that is not one of a file of WeChat: ${shown(name)}`, fix);
    const missing = `names ${shown(name)}, whose content is not in its name`;
    check(content !== undefined, option, missing, `Write { ${shown(name)}: "what is in the file" }.`);
    const isContent = typeof content === 'string' && CONTENT.test(content);
    const what = `has a content of ${shown(name)} that is not 1 to 1024 printable ASCII characters`;
    check(isContent, option, what, 'Copy what is in the file, without a line end or a byte order mark.');
    const own = contentOf(name);
    const isOwn = own === undefined || own === content;
    check(
      isOwn,
      option,
      `has a content of ${shown(name)} that is not the one in its name`,
      'Write its name alone, in a list.',
    );
    files.set(name, content);
  }
  return files.size > 0 ? files : undefined;
}

/** @throws WechatConfigError also where nobody knows at which host they belong */
export function readAppFiles(option: string, value: unknown, publicUrl: URL | undefined): Files {
  const files = readVerificationFiles(option, value);
  const fix = 'Write the publicUrl of the app, or verificationFiles beside `apps`.';
  check(!files || publicUrl !== undefined, option, 'has no host to be answered at', fix);
  return files;
}

/**
 * One host has one file of a name.
 * @throws WechatConfigError
 */
export function requireOneContent({
  apps,
  verificationFiles,
}: Pick<WechatConfig, 'apps' | 'verificationFiles'>): void {
  const everywhere = [...(verificationFiles ?? [])];
  const seen = new Map<string, { owner: string; content: string }>();
  for (const app of apps.values()) {
    const own = [...(app.verificationFiles ?? [])];
    for (const [name, content] of own) {
      const key = `${app.publicUrl?.host}/${name}`;
      const common = everywhere.find(([other]) => other === name);
      const twin = seen.get(key) ?? (common && { owner: 'the module', content: common[1] });
      const what = `has ${shown(name)} with another content than ${twin?.owner} at the same host`;
      const fix = 'Leave one of the two out.';
      check(!twin || twin.content === content, `apps.${app.name}.verificationFiles`, what, fix);
      seen.set(key, { owner: `"${app.name}"`, content });
    }
  }
}

/** What the name says is in the file, where it does. */
function contentOf(name: unknown): string | undefined {
  return typeof name === 'string' ? OWN_CONTENT.exec(name)?.[1] : undefined;
}

/** Not a Map or another object of a class, which would be read as empty. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What somebody wrote, short enough for a line. */
function shown(name: unknown): string {
  return typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : typeof name;
}
