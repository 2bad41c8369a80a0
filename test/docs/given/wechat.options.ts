// What the pages take for granted: the options of an application.
import type { WechatOAuthModuleOptions } from 'nestjs-wechat-oauth';

export const options: WechatOAuthModuleOptions = {
  appId: process.env['WECHAT_APP_ID']!,
  secret: process.env['WECHAT_SECRET']!,
  publicUrl: process.env['PUBLIC_URL']!,
  sessionSecret: process.env['SESSION_SECRET']!,
};
