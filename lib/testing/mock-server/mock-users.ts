// The people with phones, and the ids WeChat would know them by.
import { createHash } from 'node:crypto';
import type { MockApp } from './mock-apps.js';
import { MockServerError } from './mock-server-error.js';
import type { MockUser, MockUserOptions } from './mock-server.types.js';

const DEFAULT_CAST: readonly MockUserOptions[] = [
  { id: 'ming', nickname: '小明' },
  { id: 'hong', nickname: '小红🌸' },
  { id: 'qiang', nickname: '阿强', follower: true },
  { id: 'visitor', nickname: '快照访客', snapshot: true },
];

/** Everybody who has a phone. */
export class MockUsers {
  readonly #users = new Map<string, MockUser>();

  /** @throws MockServerError naming the option that is wrong */
  constructor(options: readonly MockUserOptions[] = DEFAULT_CAST) {
    if (!Array.isArray(options) || options.length === 0) {
      throw new MockServerError('users', 'is empty or not an array', 'Leave it out for the default cast.');
    }
    options.forEach((user, index) => this.add(user, `users[${index}]`));
  }

  add(options: MockUserOptions, at = 'addUser()'): MockUser {
    if (this.#users.has(options?.id)) {
      throw new MockServerError(
        `${at}.id`,
        `${options.id} is there twice`,
        'Use setUser() to change a user.',
      );
    }
    return this.#put(options, at);
  }

  set(id: string, change: Partial<Omit<MockUserOptions, 'id'>>): MockUser {
    return this.#put({ ...this.get(id, 'setUser()'), ...change, id }, 'setUser()');
  }

  find(id: string): MockUser | undefined {
    return this.#users.get(id);
  }

  /** @throws MockServerError for an unknown id; `where` is the option or method that named it */
  get(id: string, where: string): MockUser {
    const user = this.#users.get(id);
    if (user) return user;
    const known = [...this.#users.keys()].join(', ');
    throw new MockServerError(where, `names the unknown user ${JSON.stringify(id)}`, `Known: ${known}.`);
  }

  list(): MockUser[] {
    return [...this.#users.values()];
  }

  #put(options: MockUserOptions, at: string): MockUser {
    if (typeof options?.id !== 'string' || !/^[\w-]{1,64}$/.test(options.id)) {
      throw new MockServerError(
        `${at}.id`,
        `is ${JSON.stringify(options?.id)}`,
        'Use 1 to 64 letters, digits, _ and -.',
      );
    }
    if (typeof options.nickname !== 'string') {
      throw new MockServerError(`${at}.nickname`, 'is not a string', 'Give a name; it may be empty.');
    }
    const user: MockUser = Object.freeze({
      id: options.id,
      nickname: options.nickname,
      avatarUrl: options.avatarUrl,
      follower: options.follower ?? false,
      snapshot: options.snapshot ?? false,
      blocked: options.blocked ?? false,
      phoneNumber: options.phoneNumber ?? phoneNumberOf(options.id),
    });
    this.#users.set(user.id, user);
    return user;
  }
}

/**
 * 28 characters, the first an `o`; the same for the same pair, in every process. `virtual`: what a
 * snapshot page gets instead.
 */
export function openidOf(app: MockApp, userId: string, virtual = false): string {
  return idFrom(virtual ? 'virtual-openid' : 'openid', app.appId, userId);
}

/** The same for all apps bound to one open-platform account; undefined for an app bound to none. */
export function unionidOf(app: MockApp, userId: string, virtual = false): string | undefined {
  if (app.openPlatform === undefined) return undefined;
  return idFrom(virtual ? 'virtual-unionid' : 'unionid', app.openPlatform, userId);
}

function digest(...parts: string[]): Buffer {
  return createHash('sha256').update(parts.join('\0')).digest();
}

function idFrom(...parts: string[]): string {
  return `o${digest(...parts)
    .toString('base64url')
    .slice(0, 27)}`;
}

function phoneNumberOf(userId: string): string {
  // 199 and eight digits: has the form of a Chinese mobile number.
  return `199${String(digest('phone', userId).readUInt32BE() % 1e8).padStart(8, '0')}`;
}
