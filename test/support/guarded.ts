// A guarded controller at any path, for applications that need several.
import { Controller, Get, type Type, UseGuards } from '@nestjs/common';
import { WechatAuthGuard, type WechatIdentity, WechatUser } from '../../lib/index.js';

export function guardedAt(path: string): Type {
  @Controller(path)
  @UseGuards(WechatAuthGuard)
  class GuardedController {
    @Get()
    page(@WechatUser() user: WechatIdentity) {
      return { user };
    }
  }
  return GuardedController;
}
