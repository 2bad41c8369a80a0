// The pages as text, ready to be sent.
import { Injectable } from '@nestjs/common';
import type { WechatIdentity } from 'nestjs-wechat-oauth';
import { MockWechat } from '../settings.module.js';
import { accountPage } from './account-page.js';
import type { Device } from './device.js';
import { homePage } from './home-page.js';
import type { Html } from './html.js';
import { signInPage } from './sign-in-page.js';

/** WeChat's script for a QR code in a page. */
const WX_LOGIN = 'https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js';
import { sharePage } from './share-page.js';

@Injectable()
export class Pages {
  constructor(private readonly mock: MockWechat) {}

  home(device: Device, user?: WechatIdentity): string {
    // Calls of an earlier login are nothing to do with the next page.
    this.mock.takeCalls();
    const people = this.mock.server?.users.filter(({ snapshot }) => !snapshot);
    return toText(homePage({ device, user, people }));
  }

  signIn(mode: 'frame' | 'window'): string {
    const { server } = this.mock;
    return toText(
      signInPage({ mode, script: server?.wxLoginScript ?? WX_LOGIN, mocked: server !== undefined }),
    );
  }

  share(user?: WechatIdentity): string {
    const { server } = this.mock;
    const wx = server
      ? `${server.endpoints.open}/mock/jweixin.js`
      : 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
    return toText(sharePage({ user, mocked: server !== undefined, wx }));
  }

  account(user: WechatIdentity): string {
    return toText(accountPage({ user, needs: undefined, calls: this.mock.takeCalls(user.appId) }));
  }

  profile(user: WechatIdentity): string {
    return toText(accountPage({ user, needs: 'snsapi_userinfo', calls: this.mock.takeCalls(user.appId) }));
  }
}

function toText(page: Html): string {
  return `<!doctype html>\n${page.text}`;
}
