// Notes in the session which process finished the login, so that the page can show it.
import { Injectable } from '@nestjs/common';
import { type WechatLoginDecision, WechatLoginHandler } from 'nestjs-wechat-oauth';
import { PROCESS } from './process-number.js';

declare module 'nestjs-wechat-oauth' {
  interface WechatClaims {
    finishedBy?: number;
  }
}

@Injectable()
export class NotingLoginHandler extends WechatLoginHandler {
  override async onLogin(): Promise<WechatLoginDecision> {
    return { claims: { finishedBy: PROCESS } };
  }
}
