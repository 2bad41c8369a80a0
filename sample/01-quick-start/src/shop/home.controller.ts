// The home page: open to everybody, and glad to see who is signed in.
import { Controller, Get, Header, Query, Req, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from 'nestjs-wechat-oauth';
import { deviceOf } from './device.js';
import { Pages } from './pages.js';

@Controller()
@UseGuards(WechatAuthGuard)
export class HomeController {
  constructor(private readonly pages: Pages) {}

  @Get()
  @WechatAuth({ mode: 'optional' })
  @Header('Cache-Control', 'no-store')
  home(@Req() request: object, @WechatUser() user?: WechatIdentity): string {
    return this.pages.home(deviceOf(request), user);
  }

  /** A QR code beside a password form: the code itself comes from `GET /wechat/login/qr`. */
  @Get('sign-in')
  @WechatAuth({ mode: 'off' })
  @Header('Cache-Control', 'no-store')
  signIn(@Query('mode') mode: unknown): string {
    return this.pages.signIn(mode === 'window' ? 'window' : 'frame');
  }
}
