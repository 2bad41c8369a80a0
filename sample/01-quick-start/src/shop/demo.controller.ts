// The switches of the demonstration: which device this browser plays, and what a phone would do for
// a mini program. Only beside the mock.
import { Body, Controller, Get, NotFoundException, Param, Post, Redirect, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { WechatMockServer } from 'nestjs-wechat-oauth/testing';
import { MockWechat, Settings } from '../settings.module.js';
import { DEVICE_COOKIE, DEVICES } from './device.js';

@Controller('demo')
export class DemoController {
  constructor(
    private readonly settings: Settings,
    private readonly mock: MockWechat,
  ) {}

  /**
   * Where the switch ends, by way of a logout: another device has another browser, which knows
   * nobody yet.
   */
  @Get('device/:device')
  @Redirect('/')
  device(@Param('device') name: string, @Res({ passthrough: true }) response: Response): void {
    const device = DEVICES.find((candidate) => candidate === name);
    if (!device || !this.mock.server) throw new NotFoundException();
    response.cookie(DEVICE_COOKIE, device, { httpOnly: true, sameSite: 'lax' });
  }

  /** What `wx.login` gives to a mini program on the phone of one of the mock's people. */
  @Post('wx-login')
  wxLogin(@Body() { user }: { user?: string }): { code: string } {
    return { code: this.server.loginCode(this.holder(user)) };
  }

  /** What the phone button of the mini program gives there. */
  @Post('phone-code')
  phoneCode(@Body() { user }: { user?: string }): { code: string } {
    return { code: this.server.phoneCode(this.holder(user)) };
  }

  private get server(): WechatMockServer {
    const { server } = this.mock;
    if (!server) throw new NotFoundException();
    return server;
  }

  /** Whose phone it is, and which app runs on it. */
  private holder(user: string | undefined): { appId: string; user: string } {
    const known = this.server.users.find(({ id }) => id === user);
    if (!known) throw new NotFoundException();
    return { appId: this.settings.apps['mini']!.appId, user: known.id };
  }
}
