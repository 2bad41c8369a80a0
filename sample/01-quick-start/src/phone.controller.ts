// The phone number of somebody in the mini program, by a code of the phone button.
import { Body, ConflictException, Controller, HttpCode, Post, UseFilters, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthGuard,
  WechatExceptionFilter,
  WechatOAuthService,
  WechatUser,
} from 'nestjs-wechat-oauth';

@Controller('account/phone')
@UseGuards(WechatAuthGuard)
@WechatAuth({ app: 'mini' })
@UseFilters(WechatExceptionFilter)
export class PhoneController {
  constructor(private readonly wechat: WechatOAuthService) {}

  @Post()
  @HttpCode(200)
  async bind(@WechatUser('openid') openid: string, @Body() { code = '' }: { code?: string }) {
    const mini = this.wechat.app('mini');
    // Somebody has signed in at WeChat since: who holds the phone now is for a fresh login to say.
    if (!(await mini.checkSessionKey(openid))) {
      throw new ConflictException({
        statusCode: 409,
        code: 'SESSION_KEY_STALE',
        message: '请重新登录后再试。',
      });
    }
    const { purePhoneNumber } = await mini.getPhoneNumber({ code, openid });
    return { phone: purePhoneNumber.replace(/(?<=^\d{3})\d+(?=\d{4}$)/, '****') };
  }
}
