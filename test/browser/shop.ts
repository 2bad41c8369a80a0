// An application at `https://shop.example.com` and somebody else's site beside it at
// `https://evil.example.com`, both in this process, and a Chromium that finds them.
import { EventEmitter, once } from 'node:events';
import http, { type IncomingHttpHeaders, type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Browser as Chromium } from 'playwright-core';
import { WechatAuthController } from '../../lib/index.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import {
  type ApplicationOptions,
  type Running,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { CERTIFICATE, KEY } from '../support/certificate.js';
import { OrdersController } from '../support/orders.js';
import { launchChromium, Visitor } from './visitor.js';

export const EVIL = 'https://evil.example.com';
/** Pages of the shop on an origin of their own: of the same site, and of another one. */
export const WEB = 'https://www.example.com';
export const WEB_ELSEWHERE = 'https://www.coffee.test';

/** One request that the shop answered. */
export interface Seen {
  path: string;
  headers: IncomingHttpHeaders;
  status: number;
  setCookies: string[];
}

export class Shop {
  readonly seen: Seen[] = [];
  private readonly answered = new EventEmitter();
  /** What the site beside the shop answers. */
  evil: RequestListener = (_, response) => response.end('evil');
  /** What the pages on other origins are. */
  web: RequestListener = (_, response) => response.end('web');

  private constructor(
    readonly wechat: WechatMockServer,
    readonly running: Running,
    private readonly closing: (() => Promise<unknown>)[],
  ) {}

  /** @param controllers besides the guarded orders and the ready-made routes */
  static open(...controllers: Type[]): Promise<Shop> {
    return Shop.openWith({ controllers });
  }

  /** @param keepsPages as `launchChromium` has it */
  static async openWith({
    controllers = [],
    keepsPages = false,
    ...more
  }: Pick<ApplicationOptions, 'controllers' | 'options' | 'configure' | 'imports' | 'extras'> & {
    keepsPages?: boolean;
  }): Promise<Shop> {
    const wechat = await startWechat();
    const running = await startApplication({
      wechat,
      adapter: () => new ExpressAdapter(),
      controllers: [OrdersController, WechatAuthController, ...controllers],
      ...more,
    });
    const shop = new Shop(wechat, running, [() => running.app.close(), () => wechat.close()]);
    const port = await shop.listen((request, response) => shop.passOn(request, response));
    const evilPort = await shop.listen((request, response) => shop.evil(request, response));
    const webPort = await shop.listen((request, response) => shop.web(request, response));
    const hosts = [
      ['shop.example.com', port],
      ['evil.example.com', evilPort],
      ['www.example.com', webPort],
      ['www.coffee.test', webPort],
    ];
    const rules = hosts.map(([host, at]) => `MAP ${host}:443 127.0.0.1:${at}`).join();
    shop.chromium = await launchChromium(
      ['--ignore-certificate-errors', `--host-resolver-rules=${rules}`],
      keepsPages,
    );
    return shop;
  }

  private chromium!: Chromium;

  /** For visitors with another browser in their hand. */
  get browser(): Chromium {
    return this.chromium;
  }

  async close(): Promise<void> {
    await this.chromium.close();
    for (const close of this.closing) await close();
  }

  /** A person with WeChat's browser in their hand. */
  visitor(): Promise<Visitor> {
    return Visitor.open(this.chromium, 'phone', { userAgent: AGENTS.wechat });
  }

  /** A person at a desk, who has to scan. */
  atDesk(): Promise<Visitor> {
    return Visitor.open(this.chromium, 'desktop');
  }

  to(path: string): Seen[] {
    return this.seen.filter((one) => one.path.split('?')[0] === path);
  }

  /**
   * Resolves with the first request after which it is so. The time limit of the test ends the wait.
   */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (isSo()) resolve();
        else this.answered.once('answered', look);
      };
      this.answered.once('answered', look);
    });
  }

  private async listen(listener: RequestListener): Promise<number> {
    const server = https.createServer({ key: KEY, cert: CERTIFICATE }, listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.closing.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  /** Ends TLS in front of the application, as a proxy does, and writes down what passes. */
  private passOn(...[request, response]: Parameters<RequestListener>): void {
    const { method, url: path = '/', headers } = request;
    const onward = http.request(
      { host: '127.0.0.1', port: this.running.port, method, path, headers, agent: false },
      (answer) => {
        const { statusCode: status = 0 } = answer;
        this.seen.push({ path, headers, status, setCookies: answer.headers['set-cookie'] ?? [] });
        this.answered.emit('answered');
        response.writeHead(status, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}
