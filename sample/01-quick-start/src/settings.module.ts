// Hands out the settings and the mock WeChat, which starts with the application and stops with it.
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { WechatOAuthModuleOptions } from 'nestjs-wechat-oauth';
import { DEFAULT_MOCK_APPS, type MockCall, WechatMockServer } from 'nestjs-wechat-oauth/testing';
import { Settings } from './settings.js';
import { clientOf } from './shop/device.js';

export { Settings };

@Injectable()
export class MockWechat implements OnApplicationShutdown {
  private constructor(readonly server?: WechatMockServer) {}

  static async start({ mockPort }: Settings): Promise<MockWechat> {
    if (mockPort === undefined) return new MockWechat();
    const server = await WechatMockServer.start({
      port: mockPort,
      apps: DEFAULT_MOCK_APPS.map((app) => ({ ...app, name: '一叶茶铺' })),
      // By WeChat's current texts nobody comes back after 拒绝; older ones say people do. Here they
      // do, so that there is a page to see.
      unsure: { refusalRedirects: true },
    });
    return new MockWechat(server);
  }

  /**
   * What the module needs to talk to the mock instead of WeChat, and to take this browser for the
   * device that was chosen on the page.
   */
  get options(): Pick<WechatOAuthModuleOptions, 'endpoints' | 'dev'> {
    if (!this.server) return {};
    return { endpoints: this.server.endpoints, dev: { client: ({ raw }) => clientOf(raw) } };
  }

  /**
   * What the mock was asked since the last time somebody wanted to know: on behalf of this app, or
   * of nobody in particular. Undefined without a mock.
   */
  takeCalls(appId?: string): readonly MockCall[] | undefined {
    const calls = this.server?.calls.filter((call) => call.appId === undefined || call.appId === appId);
    this.server?.clearCalls();
    return calls;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server?.close();
  }
}

@Module({
  providers: [
    { provide: Settings, useFactory: () => new Settings(process.env) },
    { provide: MockWechat, inject: [Settings], useFactory: MockWechat.start },
  ],
  exports: [Settings, MockWechat],
})
export class SettingsModule {}
