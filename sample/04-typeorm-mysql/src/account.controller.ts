// Two ways to sign in, the one person they lead to, and the way out of both.
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
import { UsersService } from './users/users.service.js';

@Controller()
@UseGuards(WechatAuthGuard)
@UseFilters(WechatExceptionFilter)
export class AccountController {
  constructor(
    private readonly users: UsersService,
    private readonly wechat: WechatOAuthService,
    private readonly sessions: WechatSessionService,
  ) {}

  @Get()
  @WechatAuth({ mode: 'off' })
  @Header('Content-Type', 'text/html; charset=utf-8')
  home(): string {
    return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>一个用户 · One user</title>
<p><a href="/wechat/login?app=official&returnTo=/me">在微信里登录 · Sign in inside WeChat</a>
<p><a href="/wechat/login?app=website&returnTo=/me">在电脑上扫码登录 · Sign in by QR code</a>
<p><a href="/me">我 · Me</a>
<form method="post" action="/ban-me"><button>停用我的账号 · Ban me</button></form>`;
  }

  @Get('me')
  async me(@WechatUser() { app, claims }: WechatIdentity) {
    return { signedInAt: app, ...(await this.users.find(claims!.userId!)) };
  }

  /** First the table, which the login handler reads; then every session at every app. */
  @Post('ban-me')
  @Redirect('/', 303)
  async banMe(@WechatUser() { claims }: WechatIdentity): Promise<void> {
    await this.sessions.revokeUser(await this.users.ban(claims!.userId!));
  }

  /** With the token in `wechat_tokens`. */
  @Get('profile')
  profile(@WechatUser() { app, openid }: WechatIdentity) {
    return this.wechat.app(app).getUser(openid);
  }
}
