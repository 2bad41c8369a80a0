// The tea that a person has put aside. The guard answers strangers with 401 and `loginUrl`; the
// page does the rest.
import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { WechatAuthGuard, type WechatIdentity, WechatUser } from 'nestjs-wechat-oauth';

@Controller('cellar')
@UseGuards(WechatAuthGuard)
export class CellarController {
  private readonly cellars = new Map<string, Set<string>>();

  @Get()
  list(@WechatUser() user: WechatIdentity) {
    return { teas: [...this.cellarOf(user)] };
  }

  @Post()
  add(@WechatUser() user: WechatIdentity, @Body('tea') tea: unknown) {
    const cellar = this.cellarOf(user);
    if (typeof tea === 'string' && tea.length <= 40) cellar.add(tea);
    return { teas: [...cellar] };
  }

  private cellarOf({ appId, openid }: WechatIdentity): Set<string> {
    // An openid means something together with its app only.
    const key = `${appId}:${openid}`;
    const cellar = this.cellars.get(key) ?? new Set();
    this.cellars.set(key, cellar);
    return cellar;
  }
}
