// Ten failures of one person in ten minutes, and nothing is tried any more: the scheme has no
// authentication, so tries are what an attacker needs.
import { WechatDecryptError } from '../../../lib/errors/errors.js';
import { WechatMockServer } from '../../../lib/testing/index.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import { everythingOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { makeParts, type Parts } from '../../support/parts.js';

const MINI = { type: 'mini-program', appId: 'wxmini0123456789', secret: 'mini-secret-canary' } as const;
const MINUTE = 60_000;

let wechat: WechatMockServer;
let parts: Parts;
let events: unknown[];
const bad = { encryptedData: 'AAAAAAAAAAAAAAAAAAAAAA==', iv: 'AAAAAAAAAAAAAAAAAAAAAA==' };

beforeEach(async () => {
  wechat = await WechatMockServer.start({ apps: [MINI] });
  parts = makeParts({ ...MINI, endpoints: wechat.endpoints });
  events = [];
  parts.events.events$.subscribe((event) => {
    if (event.type === 'decrypt.limited') events.push(event);
  });
});
afterEach(() => wechat.close());

const signIn = async (user = 'ming') =>
  parts.service.getSessionKey(wechat.loginCode({ appId: MINI.appId, user }));
const good = (user = 'ming') => ({ ...wechat.encrypted({ appId: MINI.appId, user }), maxAge: Infinity });
const open = (
  holder: { openid: string } | { sessionKey: WechatSecret | string; openid?: string },
  data: object,
) => parts.service.decryptMiniProgramUser({ ...holder, ...data } as never);
const failTimes = async (times: number, holder: Parameters<typeof open>[0]) => {
  for (let n = 0; n < times; n++)
    expect(await failureOf(() => open(holder, bad))).toBeInstanceOf(WechatDecryptError);
};

it('After nine failures data still opens, after ten it does not, and the error is the same', async () => {
  const { openid } = await signIn();
  await failTimes(9, { openid });
  expect(await open({ openid }, good())).toMatchObject({ openId: openid });
  const ninth = await failureOf(() => open({ openid }, bad));
  expect(events).toEqual([{ type: 'decrypt.limited', app: 'default' }]);
  const refused = await failureOf(() => open({ openid }, good()));
  expect(refused).toBeInstanceOf(WechatDecryptError);
  const shown = (error: Error) => everythingOf(error).replaceAll(/^\s+at .*$/gm, '');
  expect(shown(refused).replaceAll(/at .*/g, '')).toBe(shown(ninth).replaceAll(/at .*/g, ''));
  await failTimes(20, { openid });
  expect(events).toHaveLength(1);
});

it('A failure counts for ten minutes, and what was not tried does not count', async () => {
  const { openid } = await signIn();
  await failTimes(5, { openid });
  parts.runtime.time += 5 * MINUTE;
  await failTimes(5, { openid });
  await failTimes(5, { openid });
  parts.runtime.time += 5 * MINUTE;
  expect(await open({ openid }, good())).toMatchObject({ openId: openid });
  await failTimes(5, { openid });
  expect(events).toHaveLength(2);
  await failureOf(() => open({ openid }, good()));
});

it('A hundred at once are ten tries', async () => {
  const { openid } = await signIn();
  let tries = 0;
  const { subject, run } = parts.decryptions;
  const counted = () => {
    tries++;
    throw new WechatDecryptError();
  };
  const who = subject.call(parts.decryptions, parts.app, openid, undefined);
  await Promise.all(
    Array.from({ length: 100 }, () =>
      failureOf(async () => run.call(parts.decryptions, parts.app, who, counted)),
    ),
  );
  expect(tries).toBe(10);
  await Promise.all(Array.from({ length: 100 }, () => failureOf(() => open({ openid }, bad))));
  expect(events).toHaveLength(1);
});

it('People, apps and keys are counted apart, and a key counts for its person', async () => {
  const { openid, sessionKey } = await signIn();
  const hong = await signIn('hong');
  await failTimes(10, { openid });
  expect(await open({ openid: hong.openid }, good('hong'))).toMatchObject({ openId: hong.openid });
  // Whoever holds the key and says whose data it is meets the same count.
  expect(await failureOf(() => open({ sessionKey, openid }, good()))).toBeInstanceOf(WechatDecryptError);
  // The key alone has a count of its own, as a secret or as text.
  await failTimes(5, { sessionKey });
  await failTimes(5, { sessionKey: sessionKey.reveal() });
  expect(await failureOf(() => open({ sessionKey }, good()))).toBeInstanceOf(WechatDecryptError);
  expect(await open({ sessionKey: hong.sessionKey }, good('hong'))).toMatchObject({ openId: hong.openid });
});

it('Another fault than data that does not open is not counted', async () => {
  for (let n = 0; n < 12; n++) await failureOf(() => open({ openid: 'oNOBODY-0123_456789' }, bad));
  expect(events).toEqual([]);
});
