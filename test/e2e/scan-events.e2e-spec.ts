// How the page of a scan waits: server-sent events on a living code of its own, and asking again.
import http from 'node:http';
import type * as nest from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { map } from 'rxjs';
import { WechatAuthGuard } from '../../lib/index.js';
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';
import { PLATFORMS } from '../support/application.js';
import { type Answer, type Browser } from '../support/browser.js';
import { digitsFor, openScan, ORDERS, statusAt, typeDigits } from '../support/scan-kit.js';
import { at, type ScanRunning, setScanStage } from '../support/scan-stage.js';

interface Listening {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** What came so far. */
  text(): string;
  /** Resolves when that has come. */
  until(text: string): Promise<void>;
  readonly ended: Promise<void>;
  hangUp(): void;
}

/** As EventSource does it. */
async function listen(
  { port }: Pick<ScanRunning, 'port'>,
  browser: Browser,
  page: Pick<Answer, 'url'>,
): Promise<Listening> {
  const url = new URL(at(page, '/events'));
  const cookie = await browser.jar.getCookieString(url.href);
  const headers = {
    host: url.host,
    accept: 'text/event-stream',
    'accept-encoding': 'gzip',
    'user-agent': browser.userAgent,
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
    ...(cookie ? { cookie } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = http.get(
      { host: '127.0.0.1', port, path: url.pathname + url.search, headers, agent: false },
      (answer) => {
        let got = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => void (got += chunk));
        const ended = new Promise<void>((done) => {
          answer.on('close', done);
        });
        resolve({
          status: answer.statusCode!,
          headers: answer.headers,
          text: () => got,
          async until(text) {
            while (!got.includes(text)) await new Promise((done) => setTimeout(done, 10));
          },
          ended,
          hangUp: () => void request.destroy(),
        });
      },
    );
    request.on('error', reject);
  });
}

/** A store that tells, as Redis does. */
class TellingStore extends MemoryTokenStore {
  private readonly listeners = new Map<string, Set<(message: string) => void>>();

  override publish = async (channel: string, message: string) =>
    void this.listeners.get(channel)?.forEach((listener) => listener(message));
  override subscribe = async (channel: string, listener: (message: string) => void) => {
    const all = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, all.add(listener));
    return async () => void all.delete(listener);
  };
}

class Wraps implements nest.NestInterceptor {
  intercept(_context: nest.ExecutionContext, next: nest.CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter);
  const open = async (...given: Parameters<typeof stage.startScan>) => {
    const running = await stage.startScan(...given);
    return { ...running, page: await openScan(running.browser) };
  };
  const walk = async (all: ScanRunning & { page: Answer }) => {
    const { browser, page } = all;
    const stream = await listen(all, browser, page);
    await stream.until('data: waiting\n\n');
    await stage.scan();
    await stream.until('data: scanned\n\n');
    await typeDigits(browser, page, digitsFor(stage.wechat));
    await stream.ended;
    expect(stream.text()).toBe('data: waiting\n\ndata: scanned\n\ndata: finished\n\n');
    return stream;
  };

  it('tells each step at once, and ends with the last', async () => {
    const stream = await walk(await open());
    expect([stream.status, stream.headers]).toEqual([
      200,
      expect.objectContaining({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      }),
    ]);
    expect(stream.headers['content-encoding']).toBeUndefined();
    expect(stream.headers['set-cookie']).toBeUndefined();
  });

  it('works behind interceptors, guards and prefixes of the application', async () => {
    const configure = (app: nest.INestApplication) => void app.useGlobalInterceptors(new Wraps());
    const all = await open({ configure, providers: [{ provide: APP_GUARD, useClass: WechatAuthGuard }] });
    await walk(all);
    expect((await all.browser.fetch(ORDERS)).status).toBe(200);
    expect((await all.browser.fetch(at(all.page, '/status'))).json()).toEqual({ status: 'finished' });
  });

  it('is refused by a guard of the application that refuses', async () => {
    class Closed implements nest.CanActivate {
      canActivate = (context: nest.ExecutionContext) =>
        !context.switchToHttp().getRequest<{ url: string }>().url.includes('/events');
    }
    const all = await open({ configure: (app) => void app.useGlobalGuards(new Closed()) });
    expect((await listen(all, all.browser, all.page)).status).toBe(403);
  });

  it('has one stream for a code: a second takes the place of the first', async () => {
    const all = await open();
    const first = await listen(all, all.browser, all.page);
    await first.until('waiting');
    const second = await listen(all, all.browser, all.page);
    await first.ended;
    expect(first.text()).toBe('data: waiting\n\nevent: replaced\ndata:\n\n');
    await stage.scan();
    await second.until('data: scanned');
    second.hangUp();
  });

  it('has so many and no more; the others are told to ask', async () => {
    const all = await open({}, { streams: 1 });
    const first = await listen(all, all.browser, all.page);
    const browser = all.browser.another();
    const page = await openScan(browser);
    const second = await listen(all, browser, page);
    await second.ended;
    expect(second.text()).toBe('data: waiting\n\nevent: poll\ndata:\n\n');
    // Who hangs up makes room.
    first.hangUp();
    let third = second;
    while (third.text().includes('poll')) {
      third = await listen(all, browser, page);
      await Promise.race([third.ended, new Promise((done) => setTimeout(done, 100))]);
    }
    third.hangUp();
  });

  it('answers who has no such login as one who waits, and opens no stream', async () => {
    const all = await open();
    await stage.scan();
    const stranger = all.browser.another();
    const other = await openScan(stranger);
    const asked = [
      await listen(all, all.browser.another(), all.page),
      await listen(all, stranger, all.page),
      await listen(all, stranger, { url: `${other.url}0` }),
      await listen(all, stranger, { url: other.url.split('?')[0]! }),
      await listen(all, stranger, { url: `${other.url}&state=${'d'.repeat(32)}` }),
    ];
    for (const stream of asked) {
      await stream.ended;
      expect([stream.status, stream.text()]).toEqual([200, 'data: waiting\n\nevent: poll\ndata:\n\n']);
    }
    expect(await statusAt(stranger, all.page)).toBe('waiting');
  });

  it('opens none for a code that is over, and says so', async () => {
    const all = await open({}, { lifetime: 60 });
    stage.later(61_000);
    const late = await listen(all, all.browser, all.page);
    await late.ended;
    expect(late.text()).toBe('data: expired\n\nevent: poll\ndata:\n\n');
  });

  it.each([
    ['tells', () => new TellingStore()],
    ['cannot tell', () => new MemoryTokenStore()],
  ])('ends at the lifetime, with a store that %s', async (_what, make) => {
    let ahead = 0;
    const now = () => Date.now() + ahead;
    const all = await open(
      { options: { now }, extras: { tokenStore: { useValue: make() } } },
      { lifetime: 60 },
    );
    const stream = await listen(all, all.browser, all.page);
    await stream.until('waiting');
    ahead = 61_000;
    await stream.ended;
    expect(stream.text()).toBe('data: waiting\n\ndata: expired\n\n');
    expect(stage.said('scan.expired')).toHaveLength(1);
    // And none is opened for one that is over, of which nothing was heard all the time.
    const browser = all.browser.another();
    const page = await openScan(browser);
    ahead += 61_000;
    const again = await listen(all, browser, page);
    await again.ended;
    expect(again.text()).toBe('data: expired\n\nevent: poll\ndata:\n\n');
  });

  it.each([
    ['tells', new TellingStore()],
    ['cannot tell', new MemoryTokenStore()],
  ])('hears of a scan at another process, by a store that %s', async (_what, store) => {
    const extras = { tokenStore: { useValue: store } };
    const all = await open({ extras });
    const stream = await listen(all, all.browser, all.page);
    await stream.until('waiting');
    const scene = stage.scene();
    // WeChat's pushes come to this one.
    await stage.startScan({ extras });
    await stage.wechat.scan({ scene, user: 'ming' });
    await stream.until('data: scanned');
    await typeDigits(all.browser, all.page, digitsFor(stage.wechat));
    await stream.ended;
  });

  it('keeps no application from closing', async () => {
    const all = await open();
    const streams = [await listen(all, all.browser, all.page)];
    const browser = all.browser.another();
    streams.push(await listen(all, browser, await openScan(browser)));
    const began = Date.now();
    await all.app.close();
    await Promise.all(streams.map(({ ended }) => ended));
    expect(Date.now() - began).toBeLessThan(4_000);
  });
});
