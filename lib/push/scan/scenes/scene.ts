// The scene of a QR code: what WeChat sends back when somebody scans it.
import { hash } from 'node:crypto';
import type { Runtime } from '../../../common/runtime.js';

/** So that codes of the application's own are told from ours without asking the store. */
const PREFIX = 'wechat-login-';
const RANDOM_BYTES = 16;

/** One that nobody can guess: whoever knew it could draw the code. */
export function newScene({ randomBytes }: Pick<Runtime, 'randomBytes'>): string {
  return PREFIX + randomBytes(RANDOM_BYTES).toString('hex');
}

/** Whether it has the form of ours; whether it is one, the store says. */
export function looksLikeScene(text: string): boolean {
  return text.startsWith(PREFIX) && /^[0-9a-f]{32}$/.test(text.slice(PREFIX.length));
}

/** Under which its record is kept: from the store, nobody learns the scene. */
export function sceneId(scene: string): string {
  return hash('sha256', scene, 'base64url');
}

/** The scene in 22 characters, for a ticket that has room for no more. */
export function shortScene(scene: string): string {
  return Buffer.from(scene.slice(PREFIX.length), 'hex').toString('base64url');
}

/** The reverse of `shortScene`. */
export function longScene(short: string): string {
  return PREFIX + Buffer.from(short, 'base64url').toString('hex');
}
