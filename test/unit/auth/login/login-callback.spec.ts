// What makes a request the callback of a login, without an application around it.
import { PendingLogins } from '../../../../lib/auth/login/pending-logins.js';
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';
import { LoginCallback } from '../../../../lib/auth/login/login-callback.js';
import type { Visit } from '../../../../lib/auth/login/visit.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { FakeRuntime } from '../../../support/parts.js';

const config = resolveConfig(
  {
    appId: 'wx00000000official',
    secret: 's',
    publicUrl: 'https://shop.example.com',
    sessionSecret: 'session-secret-canary-0123456789abcdef',
  },
  false,
);
const app = config.defaultApp!;

class CountingSealer extends Sealer {
  computed = 0;

  override macs(text: string): Buffer[] {
    this.computed++;
    return super.macs(text);
  }
}

describe('A callback', () => {
  const sealer = new CountingSealer(config.sessionSecrets);
  const flows = new PendingLogins(config, sealer, new FakeRuntime());
  const never = {} as never;
  const callbacks = new LoginCallback(config, flows, never, never, never, never, never, never);
  const own = flows.createState(app, 1);
  const recognize = (query: string, accepted = [app]) => {
    sealer.computed = 0;
    const request = new HttpRequest({ method: 'GET', url: `/orders?${query}`, headers: {} });
    return callbacks.recognize({ request, accepted, rule: {} } as unknown as Visit);
  };

  it('carries one state of ours', () => {
    expect(recognize(`code=c&state=${own}`)).toEqual({ app, attempt: 1, state: own });
  });

  it.each(['scan', 'tap'] as const)('is not made of a state of a login by a scan: %s', (step) => {
    expect(recognize(`code=c&state=${flows.createState(app, step)}`)).toBeUndefined();
  });

  it.each([
    '',
    'code=c',
    `state=${'0'.repeat(32)}`,
    `state=${own}0`,
    `state=${own.toUpperCase()}`,
    'state=',
    'state[]=x',
  ])('is not made of ?%s', (query) => {
    expect(recognize(query)).toBeUndefined();
  });

  it('is nothing to routes whose apps have no address', () => {
    expect(recognize(`state=${own}`, [{ ...app, publicUrl: undefined }])).toBeUndefined();
    expect(sealer.computed).toBe(0);
  });

  it.each([
    [2, own],
    [390, own],
    [390, 'f'.repeat(32)],
    [5_000, own],
  ])('with %d states is not computed at all', (count, state) => {
    expect(recognize(`state=${state}&`.repeat(count))).toBe('ambiguous');
    expect(sealer.computed).toBe(0);
  });

  it('leaves several states of the application’s own alone', () => {
    expect(recognize('state=open&state=closed')).toBeUndefined();
    expect(sealer.computed).toBe(0);
  });
});
