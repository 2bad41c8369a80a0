// Why a login came to nothing although WeChat did its part. Caught by the doors; what a person or a
// program is told stands in problems.ts.
import type { WechatErrorKind } from '../../errors/error-kind.js';
import { WechatError } from '../../errors/errors.js';

/** Why a login came to nothing, other than by WeChat. */
export abstract class LoginError extends Error {
  /** As an event tells it. */
  abstract readonly kind: 'code' | 'handler';
}

/** The state was used before. */
export class StateSpent extends LoginError {
  override readonly kind = 'code';

  constructor() {
    super('the state was used before, and nothing is left of what came of it');
  }
}

/** The application's own mistake, found while its login can still be repeated. */
export class RedirectNotAllowed extends LoginError {
  override readonly kind = 'handler';

  constructor() {
    super('the login handler returned a redirectTo that is on no allowed origin; add it to returnTo.origins');
  }
}

/** The login handler took too long. */
export class LoginHandlerTooLate extends LoginError {
  override readonly kind = 'handler';

  /** @param ms how long it was waited for */
  constructor(ms: number) {
    super(`the login handler gave no answer within ${ms / 1_000} s`);
  }
}

/** The login handler threw something that is no error. */
export class LoginHandlerThrew extends LoginError {
  override readonly kind = 'handler';

  /** @param what the type of it; what it holds nobody knows */
  constructor(what: string) {
    super(`the login handler threw ${what}`);
  }
}

/** The identity linker threw. */
export class LinkerThrew extends LoginError {
  override readonly kind = 'handler';

  /** @param what the name of its class; what it holds nobody knows */
  constructor(what: string) {
    super(`the identity linker threw ${what}`);
  }
}

/** The identity linker took too long. */
export class LinkerTooLate extends LoginError {
  override readonly kind = 'handler';

  /** @param ms how long it was waited for */
  constructor(ms: number) {
    super(`the identity linker gave no answer within ${ms / 1_000} s`);
  }
}

/** The identity linker gave what cannot be, and believing it could sign somebody in as another. */
export class LinkerMistaken extends LoginError {
  override readonly kind = 'handler';

  /** @param method which gave it */
  constructor(method: string, problem: string) {
    super(`${method}() of the identity linker ${problem}; describeIdentityLinker tests it`);
  }
}

/**
 * Why a login failed, as events, answers and the log tell it apart; what is no error of ours came
 * from the login handler.
 */
export function kindOf(error: unknown): WechatErrorKind | 'handler' {
  return error instanceof WechatError || error instanceof LoginError ? error.kind : 'handler';
}
