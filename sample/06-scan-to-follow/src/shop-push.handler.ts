// What else people do at the account. Scans of a login are not among it: the module answers those.
import { Injectable } from '@nestjs/common';
import { type WechatPush, WechatPushHandler, type WechatPushReply } from 'nestjs-wechat-oauth/push';

@Injectable()
export class ShopPushHandler extends WechatPushHandler {
  override async onPush(push: WechatPush): Promise<WechatPushReply | void> {
    console.log(`  推送 · push   ${push.msgType === 'event' ? push.event : push.msgType}`);
    if (push.msgType === 'event' && push.event === 'subscribe')
      return { msgType: 'text', content: '欢迎来到一叶茶铺！' };
  }
}
