// What applications may import from `nestjs-wechat-oauth/push`.
export { WechatPushModule, type WechatPushModuleOptions } from './wechat-push.module.js';
export { WechatPushHandler } from './wechat-push-handler.js';
export type { WechatPushArticle, WechatPushReply } from './wechat-push-reply.js';
export type {
  WechatPush,
  WechatPushBase,
  WechatPushEvent,
  WechatPushMessage,
  WechatPushMessageBase,
  WechatPushOther,
} from './wechat-push.js';
export type { WechatPushFields, WechatPushValue } from './wire/push-xml.js';
export { WechatScanController } from './scan/wechat-scan.controller.js';
