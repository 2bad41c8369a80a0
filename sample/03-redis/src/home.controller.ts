// A page that says which process answered, a profile that either process can fetch, and a way to
// sign out everywhere.
import { Controller, Get, Header, Post, Redirect, UseFilters, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthGuard,
  WechatExceptionFilter,
  type WechatIdentity,
  WechatOAuthService,
  WechatSessionService,
  WechatUser,
} from 'nestjs-wechat-oauth';
import { homePage } from './home-page.js';
import { PROCESS } from './process-number.js';

@Controller()
@UseGuards(WechatAuthGuard)
@UseFilters(WechatExceptionFilter)
export class HomeController {
  constructor(
    private readonly wechat: WechatOAuthService,
    private readonly sessions: WechatSessionService,
  ) {}

  @Get()
  @WechatAuth({ mode: 'optional' })
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  home(@WechatUser() user?: WechatIdentity): string {
    return homePage(PROCESS, user);
  }

  @Get('profile')
  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Header('Cache-Control', 'no-store')
  async profile(@WechatUser() user: WechatIdentity) {
    return {
      answeredBy: PROCESS,
      loginFinishedBy: user.claims?.finishedBy,
      // With the token that the process which finished the login has put into the store.
      profile: await this.wechat.getUser(user.openid),
    };
  }

  @Post('sign-out-everywhere')
  @Redirect('/', 303)
  async signOutEverywhere(@WechatUser() user: WechatIdentity): Promise<void> {
    await this.sessions.revoke(user);
  }
}
