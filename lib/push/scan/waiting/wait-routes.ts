// Where the page of a scan asks how far the phone is: a stream of events, or one answer at a time.
// Security decision: only the sealed cookie of the flow names the scene, so nobody can ask after
// another one's; whoever has none hears what a browser hears that waits.
import type { ServerResponse } from 'node:http';
import type { AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { HttpRequest } from '../../../auth/http/http-request.js';
import { ResponseWriter } from '../../../auth/http/response-writer.js';
import type { Runtime } from '../../../common/runtime.js';
import { isLiving, type ScanRecord, type ScanStatus, statusOf } from '../scenes/scan-record.js';
import type { ScanRecords } from '../scenes/scan-records.js';
import type { ScanFlow, ScanFlows } from '../scan-flows.js';
import type { ScanNews } from './scan-news.js';
import type { ScanStreams } from './scan-streams.js';

/** Answers `scan/events` and `scan/status`. */
export class WaitRoutes {
  constructor(
    private readonly flows: ScanFlows,
    private readonly records: ScanRecords,
    private readonly news: ScanNews,
    private readonly streams: ScanStreams,
    private readonly host: HttpAdapterHost,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  async status(raw: object, response: unknown): Promise<void> {
    const flow = this.flows.of(new HttpRequest(raw));
    const status = flow ? await this.statusOf(flow) : 'waiting';
    const answer = new ResponseWriter(this.host.httpAdapter, response);
    if (!answer.hasBegun) answer.data({ status }, 200);
  }

  async events(raw: object, response: unknown): Promise<void> {
    const request = new HttpRequest(raw);
    const flow = this.flows.of(request);
    const scene = flow?.pending.scene;
    const { app } = flow ?? {};
    if (!app || !scene || request.method !== 'GET') return this.answerOnce(response, 'waiting');
    if (!this.streams.has(scene.id) && this.streams.count(app) >= app.scan!.streams)
      return this.answerOnce(response, await this.statusOf(flow!));
    // In this order: what happens between the two is heard.
    const channel = await this.news.listen(app);
    let record: ScanRecord | undefined | 'down';
    // Nothing is heard of time that passes.
    const isInTime = scene.since + app.scan!.lifetime > this.runtime.now();
    if (!isInTime || !this.news.isUntouched(channel, scene.id, scene.since)) {
      record = await this.records.look(app, scene.id);
      if (!isLiving(record === 'down' ? undefined : record, this.runtime.now()))
        return this.answerOnce(response, statusNow(record, flow!, this.runtime.now()));
    }
    const known = record === undefined || record === 'down' ? undefined : record;
    const stream = begin(this.host.httpAdapter, response);
    if (!stream) return;
    this.streams.open(app, scene.id, stream, {
      status: known ? statusOf(known, this.runtime.now()) : 'waiting',
      until: known?.until ?? scene.since + app.scan!.lifetime,
      isTold: channel !== undefined,
    });
  }

  /** The page is told to ask again by itself. */
  private answerOnce(response: unknown, status: ScanStatus): void {
    begin(this.host.httpAdapter, response)?.end(`data: ${status}\n\nevent: poll\ndata:\n\n`);
  }

  private async statusOf(flow: ScanFlow): Promise<ScanStatus> {
    const id = flow.pending.scene?.id;
    const record = id === undefined ? undefined : await this.records.look(flow.app, id);
    const status = statusNow(record, flow, this.runtime.now());
    if (status === 'expired') this.streams.tellExpired(flow.app, id!);
    return status;
  }
}

/**
 * Of a store that is down nothing is known. A record that is gone was scanned and not finished, and
 * may be so before the time of its code: who is told to wait would look at a dead code.
 */
function statusNow(
  record: ScanRecord | 'down' | undefined,
  { pending: { scene } }: ScanFlow,
  now: number,
): ScanStatus {
  if (record === 'down') return 'waiting';
  if (record) return statusOf(record, now);
  return scene ? 'expired' : 'waiting';
}

/**
 * Node's own response: what a handler returns, interceptors of the application wrap. Undefined
 * where somebody has answered already.
 */
function begin(adapter: AbstractHttpAdapter, response: unknown): ServerResponse | undefined {
  if (new ResponseWriter(adapter, response).hasBegun) return undefined;
  const { raw, hijack } = response as { raw?: ServerResponse; hijack?: () => void };
  // Fastify is told that it has nothing to do here any more.
  if (raw) hijack?.call(response);
  const own = raw ?? (response as ServerResponse);
  own.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // Neither kept nor compressed: what is compressed is held back until there is more.
    'Cache-Control': 'no-store, no-transform',
    // nginx holds answers back otherwise.
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  });
  own.flushHeaders();
  return own;
}
