// Wires the parts of the message push together, out of what WechatOAuthModule exports.
import { ContextIdFactory, type ModuleRef } from '@nestjs/core';
import type { DoorParts } from '../auth/door-parts.js';
import { check } from '../config/read-value.js';
import { WECHAT_PUSH_HANDLER } from '../wechat-oauth.constants.js';
import { PushDoor } from './push-door.js';
import { PushHandling } from './push-handling.js';
import { PushOnce } from './push-once.js';
import { PushReceiver } from './push-receiver.js';
import { ScanParts } from './scan/scan-parts.js';
import type { WechatPushHandler } from './wechat-push-handler.js';

/** @throws WechatConfigError where WechatOAuthModule is not to be seen */
export function makeScan(parts?: DoorParts): ScanParts {
  const importIt =
    'Write WechatOAuthModule.forRoot({ … }) beside it; where that is not global, also in imports of register().';
  check(parts !== undefined, 'WechatPushModule', 'finds no WechatOAuthModule', importIt);
  return new ScanParts(parts);
}

/** @throws WechatConfigError where there is nothing to receive pushes for */
export function makeDoor(
  path: string,
  moduleRef: ModuleRef,
  { push: scan, door: { config, vault, events, runtime } }: ScanParts,
): PushDoor {
  const hasPush = [...config.apps.values()].some(({ push }) => push !== undefined);
  const write =
    "Write push: { token, encodingAesKey } as WeChat's console shows them, or leave WechatPushModule out.";
  check(hasPush, 'push', 'is missing, and WechatPushModule is imported', write);
  // Looked up for each push: a handler may be of request scope.
  const handler = async () => {
    const asked = moduleRef.resolve<WechatPushHandler | null>(
      WECHAT_PUSH_HANDLER,
      ContextIdFactory.create(),
      {
        strict: true,
      },
    );
    return (await asked) ?? undefined;
  };
  const receiver = new PushReceiver(
    new PushOnce(vault, runtime),
    runtime,
    events,
    new PushHandling(runtime, events, [scan], handler),
  );
  return new PushDoor(config, receiver, runtime, path);
}
