// A page for everybody, and one for people who are signed in.
import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from 'nestjs-wechat-oauth';
import { homePage, ordersPage } from './pages.js';

@Controller()
@UseGuards(WechatAuthGuard)
@WechatAuth({ mode: 'optional' })
export class OrdersController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  home(@WechatUser() user?: WechatIdentity): string {
    return homePage(user);
  }

  @Get('orders')
  @WechatAuth({ mode: 'required' })
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  orders(@WechatUser() user: WechatIdentity): string {
    return ordersPage(user);
  }
}
