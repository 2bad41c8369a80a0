// What is to be done with a request. Judged by the login flow, carried out by the guard.
import type { WechatIdentity } from '../../model/identity.js';
import type { WechatProblem } from '../../model/problem.js';

/** How a login ends in a frame. */
export interface FrameEnd {
  /** Sources of `frame-ancestors`. */
  readonly ancestors: string;
  /** The one origin that is told. */
  readonly target: string;
}

/** `setCookies` are complete Set-Cookie lines. */
export type Verdict =
  /** `unguarded`: nobody looked who it was. */
  | { kind: 'pass'; identity: WechatIdentity | undefined; setCookies: readonly string[]; unguarded?: true }
  /**
   * Answered by the guard. `location` is absolute. `signsIn`: the end of a login that went well.
   */
  | { kind: 'redirect'; location: string; setCookies: readonly string[]; signsIn?: true }
  /** Answered by the guard, for people. */
  | {
      kind: 'page';
      problem: WechatProblem;
      lang: 'zh' | 'en';
      setCookies: readonly string[];
      /** What the application's own paths are below, for this person. */
      base: URL | undefined;
      /** The page ends a login in a frame. */
      framed?: FrameEnd;
    }
  /**
   * Answered by the guard, in the frame of a QR code: a page that asks again from our own origin.
   */
  | { kind: 'bounce'; ancestors: string }
  /** Answered by the guard, in the frame of a QR code: a page that tells the one around it. */
  | {
      kind: 'handover';
      status: 200 | 401;
      ok: boolean;
      /** Where the window goes if the page around the frame does not answer. */
      location: string;
      lang: 'zh' | 'en';
      setCookies: readonly string[];
      framed: FrameEnd;
    }
  /** Thrown: for this request there is nothing here, as if no route were. */
  | { kind: 'absent' }
  /** Thrown, for programs; the application's filters shape it. */
  | { kind: 'deny'; problem: WechatProblem };

/** Of nearly every request. */
const NONE: readonly string[] = [];

export const ABSENT: Verdict = { kind: 'absent' };

export const redirectTo = (location: string, setCookies = NONE): Extract<Verdict, { kind: 'redirect' }> => ({
  kind: 'redirect',
  location,
  setCookies,
});

export const pass = (
  identity: WechatIdentity | undefined,
  setCookies = NONE,
): Extract<Verdict, { kind: 'pass' }> => ({ kind: 'pass', identity, setCookies });
