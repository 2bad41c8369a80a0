// One library in a process: logs people in (code, token, profile) and asks for profiles. Each keeps
// its tokens in memory and its connections open.
import 'reflect-metadata';
import http from 'node:http';
import { Module } from '@nestjs/common';
import { answer } from './processes.mjs';
import { inCrowd } from './rounds.mjs';

const { SIDE, WECHAT_URL, PACKAGE = 'nestjs-wechat-oauth' } = process.env;
const APP_ID = 'wx0000000000000000';
const SECRET = '0'.padStart(32, 'a');
const WECHAT = 'https://api.weixin.qq.com';
const atBench = (url) => url.replace(WECHAT, WECHAT_URL);

const sides = {
  /** The floor: what a login costs whoever writes it by hand, without a store or a check. */
  async 'node:http'() {
    const agent = new http.Agent({ keepAlive: true });
    const get = (path) =>
      new Promise((resolve, reject) => {
        const request = http.get(WECHAT_URL + path, { agent }, (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
        });
        request.on('error', reject);
      });
    const tokens = new Map();
    const profile = ({ access_token: token, openid }) =>
      get(`/sns/userinfo?access_token=${token}&openid=${openid}&lang=zh_CN`);
    return {
      async login(code) {
        const token = await get(
          `/sns/oauth2/access_token?appid=${APP_ID}&secret=${SECRET}&code=${code}&grant_type=authorization_code`,
        );
        tokens.set(token.openid, token);
        return profile(token);
      },
      getUser: (openid) => profile(tokens.get(openid)),
    };
  },

  async 'co-wechat-oauth'() {
    const { default: OAuth } = await import('co-wechat-oauth');
    class AtBench extends OAuth {
      request(url, options) {
        return super.request(atBench(url), options);
      }
    }
    const oauth = new AtBench(APP_ID, SECRET);
    return {
      async login(code) {
        const { data } = await oauth.getAccessToken(code);
        return oauth.getUser({ openid: data.openid, lang: 'zh_CN' });
      },
      getUser: (openid) => oauth.getUser({ openid, lang: 'zh_CN' }),
    };
  },

  async 'wechat-oauth'() {
    const { default: OAuth } = await import('wechat-oauth');
    const oauth = new OAuth(APP_ID, SECRET);
    const { request } = oauth;
    oauth.request = function (url, options, callback) {
      return request.call(this, atBench(url), options, callback);
    };
    const promised = (call) =>
      new Promise((resolve, reject) => {
        call((error, value) => (error ? reject(error) : resolve(value)));
      });
    const getUser = (openid) => promised((done) => oauth.getUser({ openid, lang: 'zh_CN' }, done));
    return {
      async login(code) {
        const { data } = await promised((done) => oauth.getAccessToken(code, done));
        return getUser(data.openid);
      },
      getUser,
    };
  },

  /** Keeps no tokens, so it has no profile of a stored one. */
  async 'nest-wechat'() {
    const { createRequire } = await import('node:module');
    const require = createRequire(import.meta.url);
    // The axios of its own, told where WeChat is.
    const axios = createRequire(require.resolve('nest-wechat'))('axios');
    axios.interceptors.request.use((config) => ({ ...config, url: atBench(config.url) }));
    const { WeChatService } = require('nest-wechat');
    const service = new WeChatService({
      appId: APP_ID,
      secret: SECRET,
      cacheAdapter: { get() {}, set() {} },
    });
    return {
      async login(code) {
        const token = await service.getAccessTokenByCode(code);
        return service.getUserInfo(token.access_token, token.openid, 'zh_CN');
      },
    };
  },

  async ours() {
    const { WechatOAuthModule, WechatOAuthService } = await import(PACKAGE);
    const { NestFactory } = await import('@nestjs/core');
    class AppModule {}
    Module({
      imports: [
        WechatOAuthModule.forRoot({
          appId: APP_ID,
          secret: SECRET,
          sessionSecret: 'a secret of the benchmark, 32 bytes or more',
          endpoints: { api: WECHAT_URL },
          now: () => Date.now() + skipped,
        }),
      ],
    })(AppModule);
    const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
    const service = app.get(WechatOAuthService, { strict: false });
    return {
      /** Everybody at once, on a token that is over. */
      async refresh(callers) {
        skipped += 3 * 3_600_000;
        const asked = Array.from({ length: callers }, () => service.getStoredToken(known));
        const tokens = await Promise.all(asked);
        if (tokens.some((token) => token?.openid !== known)) throw new Error('not refreshed');
      },
      async login(code) {
        const token = await service.getAccessToken(code);
        return service.getUser(token.openid);
      },
      getUser: (openid) => service.getUser(openid),
    };
  },
};

/** How far the clock of a side that has one was set forward, in ms. */
let skipped = 0;
const known = `o${'code0'.padStart(27, '0')}`;
const side = await sides[SIDE]();
let codes = 0;

answer({
  /** Wall time of one refresh for so many callers, in µs. */
  async refresh(callers) {
    const started = performance.now();
    await side.refresh(callers);
    return (performance.now() - started) * 1_000;
  },
  /** `count` times, eight at once; µs of this processor for each. */
  async run(what, count) {
    const { user, system } = process.cpuUsage();
    await inCrowd(count, 8, async () => {
      const profile = await (what === 'login' ? side.login(`code${codes++}`) : side.getUser(known));
      if (profile.nickname !== '小明') throw new Error(JSON.stringify(profile));
    });
    const now = process.cpuUsage();
    return (now.user + now.system - user - system) / count;
  },
});
