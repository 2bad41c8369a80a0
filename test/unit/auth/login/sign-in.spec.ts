// How long a login handler is waited for, and what is left of one that comes too late.
import type { ModuleRef } from '@nestjs/core';
import type { Linking } from '../../../../lib/auth/linking/linking.js';
import { Revocations } from '../../../../lib/auth/session/revocations.js';
import { SealedSessions } from '../../../../lib/auth/session/sealed-sessions.js';
import { LoginHandlerTooLate } from '../../../../lib/auth/problems/login-error.js';
import { HANDLER_MS, SignIn } from '../../../../lib/auth/login/sign-in.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { WechatToken } from '../../../../lib/tokens/wechat-token.js';
import { failureOf } from '../../../support/failure.js';
import { makeParts } from '../../../support/parts.js';

const { app, config, tokens, sessionKeys, runtime, vault } = makeParts({
  sessionSecret: 'session-secret-canary-0123456789abcdef',
});
const sessions = new SealedSessions(config, new Sealer(config.sessionSecrets), runtime);
const token = new WechatToken({
  accessToken: 'AT',
  refreshToken: 'RT',
  expiresAt: runtime.time + 7_200_000,
  issuedAt: runtime.time,
  openid: 'oPerson',
  scope: ['snsapi_base'],
  isSnapshotUser: false,
});
const context = { client: 'wechat', allowSnapshot: false, needsProfile: false } as const;

/** @param sleep what waiting comes to */
function signInWith(onLogin: () => unknown, sleep: (ms: number) => Promise<void>) {
  const modules = { resolve: async () => ({ onLogin }), registerRequestByContextId: () => {} };
  const revocations = new Revocations(vault, config, runtime);
  return new SignIn(
    config,
    tokens,
    sessionKeys,
    sessions,
    revocations,
    modules as unknown as ModuleRef,
    { sleep },
    { of: async () => undefined } as unknown as Linking,
  ).withToken(app, token, context);
}

const never = () => new Promise<never>(() => {});

describe('A login handler', () => {
  it('that never answers ends in an error after five seconds', async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => void waits.push(ms);
    expect(await failureOf(() => signInWith(never, sleep))).toBeInstanceOf(LoginHandlerTooLate);
    expect(waits).toEqual([HANDLER_MS]);
    expect(HANDLER_MS).toBe(5_000);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['throws', () => Promise.reject(new Error('late'))],
    ['says yes', () => Promise.resolve({ claims: { role: 'admin' } })],
    ['refuses', () => Promise.resolve({ refuse: { code: 'BANNED' } })],
  ])('that %s too late leaves nothing behind', async (_what, answer) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    let answerNow = () => {};
    const late = new Promise<void>((resolve) => (answerNow = resolve)).then(answer);
    expect(
      await failureOf(() =>
        signInWith(
          () => late,
          async () => {},
        ),
      ),
    ).toBeInstanceOf(LoginHandlerTooLate);
    answerNow();
    await late.catch(() => {});
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('that answers in time is not held up', async () => {
    const result = await signInWith(async () => ({ claims: { role: 'buyer' } }), never);
    expect(result).toMatchObject({ kind: 'signed-in', session: { identity: { claims: { role: 'buyer' } } } });
  });
});
