// Seals what leaves the process: `v1.` + base64url(iv ‖ ciphertext ‖ tag), AES-256-GCM, one key per
// purpose. There is no algorithm field to confuse.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { randomBytes } from '../common/random-bytes.js';
import type { WechatSecret } from './secret.js';

/**
 * What a sealed value is for. Each purpose has a key of its own, so that no value can be used for
 * another.
 */
export type SealPurpose = 'flow' | 'session' | 'store' | 'ticket';

/** What is not sealed but signed: states of logins, times of use. A key of its own each. */
export type MacPurpose = 'mac' | 'used';

const PREFIX = 'v1.';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Longer than anything this package seals; what is longer is not looked at. */
const MAX_SEALED_LENGTH = 256 * 1024;

/** Seals what leaves the process, opens it again, and signs. */
export class Sealer {
  /** Keys by purpose; the first of a list seals, all open. */
  readonly #keys = new Map<SealPurpose, Buffer[]>();
  readonly #macKeys = new Map<MacPurpose, KeyObject[]>();
  readonly #secrets: readonly WechatSecret[];

  /** @param secrets the session secrets, newest first; each is at least 32 bytes */
  constructor(secrets: readonly WechatSecret[]) {
    this.#secrets = secrets;
  }

  get configured(): boolean {
    return this.#secrets.length > 0;
  }

  /** Whether the text claims to be sealed by us, without opening it. */
  static recognizes(text: string): boolean {
    return text.startsWith(PREFIX);
  }

  /** @param place cookie name or store key: the value opens only there */
  seal(purpose: SealPurpose, place: string, plaintext: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keys(purpose)[0]!, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(purpose, place));
    const sealed = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return PREFIX + sealed.toString('base64url');
  }

  /**
   * The plaintext, or undefined for whatever is wrong with the value: nothing that is not ours gets
   * any other answer.
   */
  open(purpose: SealPurpose, place: string, sealed: unknown): string | undefined {
    if (typeof sealed !== 'string' || !sealed.startsWith(PREFIX) || sealed.length > MAX_SEALED_LENGTH)
      return undefined;
    const body = sealed.slice(PREFIX.length);
    const bytes = Buffer.from(body, 'base64url');
    // Node decodes base64url leniently; only the one canonical spelling counts.
    if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== body) return undefined;
    for (const key of this.keys(purpose)) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(additionalData(purpose, place));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        const opened = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
        // Throws where the tag is wrong. In this mode no byte is left for it to add.
        decipher.final();
        return opened.toString('utf8');
      } catch {
        continue;
      }
    }
    return undefined;
  }

  /** Message authentication codes of a text, one for each secret, the current one first. */
  macs(text: string, purpose: MacPurpose = 'mac'): Buffer[] {
    let keys = this.#macKeys.get(purpose);
    // As key objects: signing with one takes two thirds of the time.
    if (!keys) this.#macKeys.set(purpose, (keys = this.derive(purpose).map((key) => createSecretKey(key))));
    return keys.map((key) => createHmac('sha256', key).update(text).digest());
  }

  private keys(purpose: SealPurpose): Buffer[] {
    let keys = this.#keys.get(purpose);
    if (!keys) this.#keys.set(purpose, (keys = this.derive(purpose)));
    return keys;
  }

  private derive(purpose: SealPurpose | MacPurpose): Buffer[] {
    const info = `nestjs-wechat-oauth v1 ${purpose}`;
    return this.#secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret.reveal(), '', info, 32)));
  }
}

/** How long a text will be when it is sealed, without sealing it. */
export function sealedLength(plaintext: string): number {
  const bytes = IV_BYTES + Buffer.byteLength(plaintext) + TAG_BYTES;
  return PREFIX.length + Math.ceil((bytes * 4) / 3);
}

function additionalData(purpose: string, place: string): Buffer {
  return Buffer.from(`${purpose}\n${place}`);
}
