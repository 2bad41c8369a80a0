// The address of the push on the raw server: answered before guards, pipes, interceptors, prefixes
// and versions, of which WeChat knows nothing.
import type { ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { splitTarget } from '../auth/http/http-request.js';
import type { Runtime } from '../common/runtime.js';
import type { WechatConfig } from '../config/wechat-config.js';
import type { PushAnswer } from './push-answer.js';
import { type PushRequest, readBody } from './wire/push-body.js';
import { type PushApp, pushAppOf } from './wire/push-envelope.js';
import type { PushReceiver } from './push-receiver.js';

/** How long whoever sends too much is listened to after the answer, in ms. */
const LINGER_MS = 1_000;

/** Finds out which requests are ours, and answers those. */
export class PushDoor {
  private readonly logger = new Logger('WechatPush');
  /** By path, exactly as it stands in a request line. */
  private readonly byPath = new Map<string, PushApp>();

  constructor(
    config: WechatConfig,
    private readonly receiver: PushReceiver,
    private readonly runtime: Runtime,
    readonly path: string,
  ) {
    const apps = [...config.apps.values()].flatMap((app) => pushAppOf(app) ?? []);
    for (const one of apps) this.byPath.set(`${path}/${one.app.name}`, one);
    // Which of several would be meant nobody could tell.
    if (apps.length === 1) this.byPath.set(path, apps[0]!);
  }

  /** The apps whose pushes come in here, and where each one does. */
  get addresses(): { app: PushApp['app']; path: string }[] {
    const named = [...this.byPath].filter(([path]) => path !== this.path);
    return named.map(([path, { app }]) => ({ app, path: named.length === 1 ? this.path : path }));
  }

  /** Whether the request is ours; then it is being answered, and is nobody else's any more. */
  take(request: PushRequest, response: ServerResponse): boolean {
    const [path, query] = splitTarget(request.url ?? '');
    const to = this.byPath.get(path);
    if (!to) return false;
    const arrivedAt = this.runtime.monotonic();
    this.answer(to, request, new URLSearchParams(query), arrivedAt).then(
      (answer) => answer && this.send(request, response, answer),
      (error: unknown) => {
        // A fault of ours. Only its name: what it says may be what was pushed.
        const name = error instanceof Error ? error.constructor.name : typeof error;
        this.logger.error(`A push for "${to.app.name}" failed with ${name}.`);
        this.send(request, response, { status: 500, text: '', type: 'text/plain' });
      },
    );
    return true;
  }

  private async answer(
    to: PushApp,
    request: PushRequest,
    query: URLSearchParams,
    arrivedAt: number,
  ): Promise<PushAnswer | undefined> {
    const { receiver } = this;
    if (request.method === 'GET') return receiver.checkAddress(to, query);
    if (request.method !== 'POST') return receiver.refuse(to.app.name, 'it is neither GET nor POST', 405);
    const stamp = receiver.readAddress(to, query);
    if ('status' in stamp) return stamp;
    const read = await readBody(request, this.runtime);
    if (read === 'gone') return undefined;
    if ('status' in read) return receiver.refuse(to.app.name, read.why, read.status);
    return receiver.receive(to, stamp, read.body, arrivedAt);
  }

  private send(request: PushRequest, response: ServerResponse, { status, text, type }: PushAnswer): void {
    // Somebody else's patience may be over.
    if (response.headersSent || response.destroyed) return;
    const body = Buffer.from(text);
    const isUnread = !request.complete && request.method === 'POST';
    response.writeHead(status, {
      ...(text === '' ? {} : { 'Content-Type': `${type}; charset=utf-8` }),
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 405 ? { Allow: 'GET, POST' } : {}),
      // Of HTTP/2 a stream is one request's alone.
      ...(isUnread && request.httpVersionMajor < 2 ? { Connection: 'close' } : {}),
    });
    response.end(body);
    if (!isUnread) return;
    // Taken in and thrown away for a moment, or the answer would be lost with the connection.
    request.resume();
    void this.hangUp(request);
  }

  private async hangUp(request: PushRequest): Promise<void> {
    await this.runtime.sleep(LINGER_MS);
    if (!request.complete) request.destroy();
  }
}
