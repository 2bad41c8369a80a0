// Signs pages of the shop for WeChat's JS-SDK: only its own, so nobody has to be signed in.
import { Controller, Get, Header, Query, UseFilters } from '@nestjs/common';
import { WechatExceptionFilter, type WechatJsSdkConfig, WechatOAuthService } from 'nestjs-wechat-oauth';

@Controller('js-sdk')
@UseFilters(WechatExceptionFilter)
export class JsSdkController {
  constructor(private readonly wechat: WechatOAuthService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  config(@Query('url') url: string): Promise<WechatJsSdkConfig> {
    return this.wechat.app('official').getJsSdkConfig(url);
  }
}
