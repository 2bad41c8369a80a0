// What an account is told of a person by the openid.
import type { WechatMockServer } from '../../../../../lib/testing/index.js';
import { appToken, json, LONE, MINI, OFFICIAL, START, start, WEBSITE } from '../kit.js';

const INFO = '/cgi-bin/user/info';
let wechat: WechatMockServer;
let access_token: string;

beforeEach(async () => {
  wechat = await start();
  access_token = await appToken(wechat);
});
const info = (openid: string, more: Record<string, string> = {}) =>
  json(wechat, INFO, { access_token, openid, ...more });

it('says of a follower since when, and the unionid', async () => {
  const openid = wechat.openidOf(OFFICIAL.appId, 'qiang');
  expect(await info(openid, { lang: 'en' })).toEqual({
    subscribe: 1,
    openid,
    language: 'zh_CN',
    subscribe_time: START / 1000,
    unionid: wechat.unionidOf(OFFICIAL.appId, 'qiang'),
    remark: '',
    groupid: 0,
    tagid_list: [],
    subscribe_scene: 'ADD_SCENE_SEARCH',
    qr_scene: 0,
    qr_scene_str: '',
  });
});

it('says of others nothing but that they do not follow', async () => {
  const openid = wechat.openidOf(OFFICIAL.appId, 'ming');
  expect(await info(openid)).toEqual({ subscribe: 0, openid });
  wechat.setUser('ming', { follower: true });
  expect(await info(openid)).toMatchObject({ subscribe: 1 });
});

it('has no unionid where the account is bound to nothing', async () => {
  const openid = wechat.openidOf(LONE.appId, 'qiang');
  const answer = await info(openid, { access_token: await appToken(wechat, LONE) });
  expect(answer).toMatchObject({ subscribe: 1, openid });
  expect(answer).not.toHaveProperty('unionid');
});

it('refuses what it does not know', async () => {
  const { appId } = OFFICIAL;
  const foreign = [
    'o',
    wechat.openidOf(WEBSITE.appId, 'qiang'),
    wechat.openidOf(LONE.appId, 'qiang'),
    wechat.openidOf(appId, 'qiang', { virtual: true }),
  ];
  for (const openid of foreign) expect((await info(openid)).errcode).toBe(40003);
  expect((await info('')).errcode).toBe(41009);
  const openid = wechat.openidOf(appId, 'qiang');
  expect((await json(wechat, INFO, { openid })).errcode).toBe(41001);
  expect((await info(openid, { access_token: 'x' })).errcode).toBe(40001);
  expect((await info(openid, { access_token: await appToken(wechat, MINI) })).errcode).toBe(48001);
});
