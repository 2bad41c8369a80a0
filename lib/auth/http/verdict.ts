// What is to be done with a request. Judged by the login flow, carried out by the guard.
import type { WechatIdentity } from '../../model/identity.js';
import type { WechatProblem } from '../../model/problem.js';

/** `setCookies` are complete Set-Cookie lines. */
export type Verdict =
  /** `unguarded`: nobody looked who it was. */
  | { kind: 'pass'; identity: WechatIdentity | undefined; setCookies: readonly string[]; unguarded?: true }
  /** Answered by the guard. `location` is absolute. */
  | { kind: 'redirect'; location: string; setCookies: readonly string[] }
  /** Answered by the guard, for people. */
  | {
      kind: 'page';
      problem: WechatProblem;
      lang: 'zh' | 'en';
      setCookies: readonly string[];
      /** What the application's own paths are below, for this person. */
      base: URL | undefined;
    }
  /** Thrown: for this request there is nothing here, as if no route were. */
  | { kind: 'absent' }
  /** Thrown, for programs; the application's filters shape it. */
  | { kind: 'deny'; problem: WechatProblem };

/** Of nearly every request. */
const NONE: readonly string[] = [];

export const ABSENT: Verdict = { kind: 'absent' };

export const redirectTo = (location: string, setCookies = NONE): Verdict => ({
  kind: 'redirect',
  location,
  setCookies,
});

export const pass = (
  identity: WechatIdentity | undefined,
  setCookies = NONE,
): Extract<Verdict, { kind: 'pass' }> => ({ kind: 'pass', identity, setCookies });
