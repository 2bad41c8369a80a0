// The routes of scan to follow and sign in. Not mounted by itself: list it in `controllers`, or
// extend it under a path of your own.
import { Controller, Get, Inject, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { OPTIONS_OF } from '../../auth/controller-parts.js';
import { Undescribed } from '../../auth/decorators/described.decorator.js';
import { ScanRoute, WechatAuth } from '../../auth/decorators/wechat-auth.decorator.js';
import type { WechatConfig } from '../../config/wechat-config.js';
import { ScanParts } from './scan-parts.js';

/** Where the controller keeps its parts; Nest prints it where it finds none. */
const PARTS = Symbol('WechatPushModule.register()');

/**
 * A desktop browser that no website app can serve is sent to `scan`, where it is shown the QR code
 * of an official account that has the option `scan`. Stands beside `WechatAuthController`, and
 * needs `WechatPushModule`.
 * @example
 * @Module({
 *   imports: [WechatOAuthModule.forRoot({ … }), WechatPushModule.register()],
 *   controllers: [WechatAuthController, WechatScanController],
 * })
 * export class AppModule {}
 */
@Controller({ path: 'wechat', version: VERSION_NEUTRAL })
export class WechatScanController {
  /** @internal */
  @Inject(ScanParts) readonly [PARTS]!: ScanParts;

  /** @internal */
  get [OPTIONS_OF](): WechatConfig | undefined {
    return (this[PARTS] as ScanParts | undefined)?.config;
  }

  /** The page with the code. The guard sends people here; nothing of it is for programs. */
  @Get('scan')
  @ScanRoute()
  @Undescribed()
  @WechatAuth({ mode: 'off' })
  async scan(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this[PARTS].routes.page(request, response);
  }

  /**
   * Server-sent events: how far the phone is. For the page itself, as everything below. Node's own
   * response is written to, because interceptors wrap what a handler gives back.
   */
  @Get('scan/events')
  @Undescribed()
  @WechatAuth({ mode: 'off' })
  async scanEvents(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this[PARTS].waiting.events(request, response);
  }

  /** `{ status: 'waiting' | 'scanned' | 'agreed' | 'void' | 'expired' | 'finished' }`. */
  @Get('scan/status')
  @Undescribed()
  @WechatAuth({ mode: 'off' })
  async scanStatus(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this[PARTS].waiting.status(request, response);
  }

  /**
   * The field `digits`, of a form or of JSON: 303 to where the login began, 422 for wrong digits,
   * 410 where the code is over, 503 where it may be tried again.
   */
  @Post('scan/finish')
  @Undescribed()
  @WechatAuth({ mode: 'off' })
  async scanFinish(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this[PARTS].routes.finish(request, response);
  }

  /** With `confirm: 'tap'`: the page on the phone, which asks. */
  @Get('scan/confirm/:ticket')
  @Undescribed()
  @WechatAuth({ mode: 'off' })
  async scanConfirm(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this[PARTS].confirm.page(request, response);
  }

  /** The field `answer`: `yes`, `no` or `disown`. */
  @Post('scan/confirm/:ticket')
  @Undescribed()
  @WechatAuth({ mode: 'off' })
  async scanAnswer(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this[PARTS].confirm.answer(request, response);
  }
}
