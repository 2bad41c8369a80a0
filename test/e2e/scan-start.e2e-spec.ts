// What the start says where people sign in by a scan, and what Swagger is told of its routes.
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Keyv } from 'keyv';
import { MemoryTokenStore, WechatAuthController } from '../../lib/index.js';
import { WechatPushModule, WechatScanController } from '../../lib/push/index.js';
import { CallbackTokenStore } from '../../lib/stores/callback/index.js';
import { KeyvTokenStore } from '../../lib/stores/keyv/index.js';
import { PLATFORMS } from '../support/application.js';
import { failureOf } from '../support/failure.js';
import { PUSH } from '../support/push-kit.js';
import { scanSetup } from '../support/scan-kit.js';
import { setStage } from '../support/stage.js';

describe.each(PLATFORMS)('The start of a scan on %s', (_name, adapter) => {
  const stage = setStage(adapter);
  const environment = process.env['NODE_ENV'];
  afterEach(() => void (process.env['NODE_ENV'] = environment));

  const linesWith = async (tokenStore: object) => {
    const { logs } = await stage.start(
      scanSetup({ extras: { tokenStore: { useValue: tokenStore } as never } }),
    );
    return logs.lines.map(({ text }) => text).filter((text) => text.includes('has scan'));
  };
  /** Elsewhere, as far as anybody can tell. */
  const shared = () =>
    new Keyv({
      store: {
        get: async () => undefined,
        set: async () => undefined,
        delete: async () => true,
        clear: async () => undefined,
        on: () => undefined,
      } as never,
    });

  it.each([
    ['memory', () => new MemoryTokenStore(), false],
    [
      'callbacks beside memory',
      () => new CallbackTokenStore({ getToken: async () => null, saveToken: async () => undefined } as never),
      false,
    ],
    ['a shared Keyv', () => new KeyvTokenStore(shared(), { warn: false }), true],
  ])('says that %s is not for several processes', async (_what, store, always) => {
    expect((await linesWith(store())).length).toBe(always ? 1 : 0);
    process.env['NODE_ENV'] = 'production';
    const lines = await linesWith(store());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('Use Redis, SQL or MongoDB.');
  });

  it('says that no page is mounted, and shows nobody a code then', async () => {
    const { logs } = await stage.start(scanSetup({ controllers: [WechatAuthController] }));
    expect(logs.text).toContain('no page of a scan is mounted');
    const mounted = await stage.start(scanSetup());
    expect(mounted.logs.text).not.toContain('no page of a scan is mounted');
  });

  it('names what is missing where the controller stands alone', async () => {
    const alone = stage.startModules({ controllers: [WechatScanController] });
    expect((await failureOf(() => alone)).message).toContain('WechatPushModule.register()');
  });

  it('wants an address and a secret', async () => {
    const wrong = stage.start(
      scanSetup({ options: { push: PUSH, scan: true, publicUrl: undefined as never }, controllers: [] }),
    );
    expect((await failureOf(() => wrong)).message).toContain(
      '"publicUrl" is missing, and "default" has scan',
    );
  });

  it('leaves its pages out of the document', async () => {
    const { app } = await stage.start(scanSetup());
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(Object.keys(paths).filter((path) => path.includes('scan'))).toEqual([]);
    expect(Object.keys(paths)).toContain('/wechat/me');
    expect(WechatPushModule).toBeDefined();
  });
});
