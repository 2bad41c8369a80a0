// The switches of the demonstration: which device this browser plays, and what a phone would do for
// a mini program. Only beside the mock.
import { Body, Controller, Get, NotFoundException, Param, Post, Redirect, Res } from '@nestjs/common';
import type { Response } from 'express';
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
    const { mock, settings } = this;
    const known = mock.server?.users.find(({ id }) => id === user);
    if (!mock.server || !known) throw new NotFoundException();
    return { code: mock.server.loginCode({ appId: settings.apps['mini']!.appId, user: known.id }) };
  }
}
