// CallbackTokenStore on the MySQL table of the predecessor's README, in a real MariaDB, while the
// old application goes on using it.
import { promisify } from 'node:util';
import { Test } from '@nestjs/testing';
import mysql, { type Connection, type ConnectionOptions } from 'mysql2';
import {
  MemoryTokenStore,
  WechatTokenNotFoundError,
  WechatOAuthModule,
  WechatOAuthService,
} from '../../lib/index.js';
import { CallbackTokenStore } from '../../lib/stores/callback/index.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import { LogCapture } from '../support/log-capture.js';
import { MOCK_APPS, SESSION_SECRET, SHOP, startWechat } from '../support/application.js';
import { isValid, OldApplication, README_KEY, README_TABLE, readmeCallbacks } from './old-application.js';
import { requireServer } from './servers.js';

const [{ appId, secret }] = MOCK_APPS;
const DATABASE = `wechat_oauth_callback_${process.pid}`;
const REFRESH = '/sns/oauth2/refresh_token';
const server = await requireServer('mariadb');

describe('The old application and the new one on one table', () => {
  let db: Connection;
  let query: (sql: string, values?: unknown[]) => Promise<Record<string, string>[]>;
  let wechat: WechatMockServer;
  let old: OldApplication;
  let rest: MemoryTokenStore;
  let service: WechatOAuthService;
  let logs: LogCapture;
  let stopService: () => Promise<void>;
  let openid: string;

  beforeAll(async () => {
    const options: ConnectionOptions = { ...server, user: 'root', multipleStatements: true };
    db = mysql.createConnection(options);
    query = promisify(db.query.bind(db) as never) as never;
    await query(`CREATE DATABASE ${DATABASE}; USE ${DATABASE}; ${README_TABLE}; ${README_KEY}`);
  });

  afterAll(async () => {
    await query(`DROP DATABASE ${DATABASE}`);
    await promisify(db.end.bind(db))();
  });

  beforeEach(async () => {
    await query('DELETE FROM token');
    wechat = await startWechat();
    const callbacks = readmeCallbacks(db);
    old = new OldApplication({ appId, secret }, wechat.endpoints.api, callbacks);
    rest = new MemoryTokenStore();
    openid = wechat.openidOf(appId, 'ming');
    const module = await Test.createTestingModule({
      imports: [
        WechatOAuthModule.forRoot({
          appId,
          secret,
          publicUrl: SHOP,
          sessionSecret: SESSION_SECRET,
          endpoints: wechat.endpoints,
          tokenStore: { useValue: new CallbackTokenStore(callbacks, { rest }) },
        }),
      ],
    }).compile();
    logs = new LogCapture();
    module.useLogger(logs);
    service = module.get(WechatOAuthService);
    stopService = () => module.close();
  });

  afterEach(async () => {
    await stopService();
    await wechat.close();
  });

  const row = async () => (await query('SELECT * FROM token WHERE openid = ?', [openid]))[0]!;
  const code = async (scope: 'snsapi_base' | 'snsapi_userinfo' = 'snsapi_userinfo') => {
    const url = service.getAuthorizeURL(`${SHOP}/x`, 'state', scope);
    return new URL((await wechat.authorize(url)).redirectTo!).searchParams.get('code')!;
  };
  const letTimePass = () =>
    query(`UPDATE token SET create_at = CAST(create_at - 7300000 AS CHAR) WHERE openid = ?`, [openid]);

  it('a token that the old one has saved is used by the new one', async () => {
    await old.signIn(await code());
    expect(await row()).toMatchObject({ expires_in: '7200', create_at: expect.stringMatching(/^\d{13}$/) });
    await expect(service.getUser(openid)).resolves.toMatchObject({ openid, nickname: '小明' });
    expect(wechat.callsTo(REFRESH)).toHaveLength(0);
  });

  it('a token whose time is over is refreshed by the new one, and the old one can use it', async () => {
    await old.signIn(await code());
    const before = await row();
    await letTimePass();
    wechat.expireTokens('ming');
    await expect(service.getUser(openid)).resolves.toMatchObject({ nickname: '小明' });
    expect(wechat.callsTo(REFRESH)).toHaveLength(1);

    const after = await row();
    expect(after.access_token).not.toBe(before.access_token);
    expect({ ...after, access_token: '', create_at: '' }).toEqual({
      ...before,
      access_token: '',
      create_at: '',
    });
    expect(Math.abs(Number(after.create_at) - Date.now())).toBeLessThan(10_000);
    expect(isValid(after)).toBe(true);
    await expect(old.userInfo(after)).resolves.toMatchObject({ openid, nickname: '小明' });
  });

  it('a token that the new one has saved is valid for the old one exactly as long as it lives', async () => {
    await service.getAccessToken(await code());
    const saved = await row();
    const asNumbers = {
      ...saved,
      expires_in: Number(saved.expires_in),
      create_at: Number(saved.create_at),
    };
    expect(isValid(asNumbers)).toBe(true);
    expect(isValid({ ...asNumbers, create_at: Date.now() - 7_200_000 })).toBe(false);
    expect(saved).toMatchObject({ openid, scope: 'snsapi_userinfo' });
    await expect(old.userInfo(saved)).resolves.toMatchObject({ nickname: '小明' });
  });

  it('what the table has no column for outlives a refresh', async () => {
    const token = await service.getAccessToken(await code());
    expect(token.unionid).toBe(wechat.unionidOf(appId, 'ming'));
    await letTimePass();
    wechat.expireTokens('ming');
    // The profile has a unionid of its own, so the token that is stored is looked at.
    await service.getUser(openid);
    const store = new CallbackTokenStore(readmeCallbacks(db), { rest });
    const record = JSON.parse((await store.get(`wechat:${appId}:token:${openid}`))!);
    expect(record).toMatchObject({ unionid: token.unionid, isSnapshotUser: false });
    expect(record.issuedAt).toBeLessThan(Number((await row()).create_at) + 1);
  });

  it('a refresh by the old one is seen by the new one, which sends none', async () => {
    await service.getAccessToken(await code());
    await letTimePass();
    wechat.expireTokens('ming');
    const refreshed = await old.refresh((await row()).refresh_token!);
    wechat.clearCalls();
    await expect(service.getUser(openid)).resolves.toMatchObject({ nickname: '小明' });
    expect(wechat.callsTo(REFRESH)).toHaveLength(0);
    expect((await row()).access_token).toBe(refreshed.access_token);
  });

  it('a dead refresh token stays in the table, is asked about once, and gives way to the next login of either', async () => {
    await old.signIn(await code());
    await letTimePass();
    wechat.expireTokens('ming', { refreshTokens: true });
    const before = await row();
    await expect(service.getUser(openid)).rejects.toMatchObject({ kind: 'token', errcode: 42_002 });
    expect(await row()).toEqual(before);
    await expect(service.getUser(openid)).rejects.toThrow(WechatTokenNotFoundError);
    expect(wechat.callsTo(REFRESH)).toHaveLength(1);
    await old.signIn(await code());
    await expect(service.getUser(openid)).resolves.toMatchObject({ nickname: '小明' });
  });

  it('a base token of the new one does not overwrite a userinfo token of the old one', async () => {
    const saved = await old.signIn(await code());
    await service.getAccessToken(await code('snsapi_base'));
    expect(await row()).toMatchObject({ access_token: saved.access_token, scope: 'snsapi_userinfo' });
  });

  it('a login does not fail where the table cannot take the token, which is not cut', async () => {
    wechat.inject('/sns/oauth2/access_token', { answer: { access_token: 'x'.repeat(201) } });
    await expect(service.getAccessToken(await code())).resolves.toMatchObject({ openid });
    expect(await row()).toBeUndefined();
    expect(logs.text).toContain('maxTokenLength" is 200, and the access_token has 201 characters');
    expect(logs.text).not.toContain('xxxxx');
  });

  it('50 callers in one process send one refresh and leave one row', async () => {
    await old.signIn(await code());
    await letTimePass();
    wechat.expireTokens('ming');
    await Promise.all(Array.from({ length: 50 }, () => service.getUser(openid)));
    expect(wechat.callsTo(REFRESH)).toHaveLength(1);
    expect(await query('SELECT COUNT(*) AS n FROM token')).toEqual([{ n: 1 }]);
  });

  it('nothing but tokens gets into the table, and no secret into what is kept beside it', async () => {
    await service.getAccessToken(await code());
    const { access_token, refresh_token } = await row();
    const beside = await rest.get(`wechat:${appId}:token:${openid}`);
    expect(beside).toContain('unionid');
    expect(beside).not.toContain(access_token);
    expect(beside).not.toContain(refresh_token);
  });
});
