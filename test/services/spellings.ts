// Looks for secrets in a dump, in every way in which they could have got there without being
// sealed.

/** Those of the secrets that the dump holds, and as what. */
export function findIn(dump: string, secrets: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [secret, name] of secrets) {
    for (const [form, text] of spellings(secret)) {
      if (dump.includes(text)) found.push(`${name}, ${form}`);
    }
  }
  return found;
}

function spellings(secret: string): [form: string, text: string][] {
  const bytes = Buffer.from(secret);
  const url = new URLSearchParams({ '': secret }).toString().slice(1);
  const all: [string, string][] = [
    ['in clear', secret],
    // As bytes are shown that are read as such.
    ['in clear', bytes.toString('latin1')],
    ['as JSON', JSON.stringify(secret).slice(1, -1)],
    ['as JSON in ASCII', secret.replaceAll(/[^\x20-\x7E]/g, escaped)],
    ['URL-encoded', encodeURIComponent(secret)],
    ['URL-encoded', encodeURIComponent(secret).toLowerCase()],
    ['URL-encoded', url],
    ['as hexadecimal', bytes.toString('hex')],
    ['as hexadecimal', bytes.toString('hex').toUpperCase()],
    ['as UTF-16', Buffer.from(secret, 'utf16le').toString('latin1')],
    ['as hexadecimal UTF-16', Buffer.from(secret, 'utf16le').toString('hex')],
    ['reversed', [...secret].toReversed().join('')],
  ];
  for (const core of insideBase64(bytes)) {
    all.push(['as base64', core], ['as base64url', core.replaceAll('+', '-').replaceAll('/', '_')]);
    // A column of bytes, shown as hexadecimal, that holds base64.
    all.push(['as hexadecimal base64', Buffer.from(core).toString('hex')]);
  }
  if (/^[A-Za-z0-9+/]+=*$/.test(secret)) {
    const decoded = Buffer.from(secret, 'base64');
    if (decoded.toString('base64') === secret) {
      all.push(['as the bytes it stands for', decoded.toString('latin1')]);
      all.push(['as the bytes it stands for, hexadecimal', decoded.toString('hex')]);
    }
  }
  return all;
}

/**
 * What base64 of a longer text looks like where the secret is in it: it depends on how many bytes
 * come before, by threes.
 */
function insideBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters at either end that also hold bits of the neighbours say nothing.
    const cutEnd = (before + bytes.length) % 3 === 0 ? 0 : 1;
    return text.slice(Math.ceil((before * 4) / 3), text.length - cutEnd);
  });
}

function escaped(character: string): string {
  return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
}
