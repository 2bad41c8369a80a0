// The one place that sends a request to WeChat. What comes back is judged in answer.ts.
import type { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../common/runtime.js';
import type { WechatEvents } from '../common/wechat-events.js';
import { judgeAnswer, judgeAnyAnswer, type RawFile, type WechatAnswer } from './answer.js';
import {
  WechatApiError,
  WechatError,
  WechatNetworkError,
  type WechatNetworkFault,
  WechatResponseError,
} from '../errors/errors.js';
import type { HttpCall } from './node-http.js';
import { Sending } from './sending.js';
import { Sockets, SocketsBusy } from './sockets.js';

const BODY_LIMIT = 64 * 1024;
const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;

/** One call: where, with what, and whether it may be sent again. */
export interface WechatCall {
  /** Default: GET. */
  method?: 'GET' | 'POST';
  /** Path on the API host, e.g. `/sns/userinfo`. The only part of the call that errors repeat. */
  endpoint: string;
  query: Readonly<Record<string, string>>;
  /** JSON, as it is sent. */
  body?: string;
  /** Names in `query` whose values must not come back out in an errmsg. */
  secret: readonly string[];
  /** Values elsewhere that must not either, such as those in `body`. */
  hidden?: readonly string[];
  /** Whether the call may be sent twice. Never true for a call that carries a code. */
  repeatable: boolean;
  /**
   * Not even after a kept connection that broke: what the call does may have been done, and no
   * one-time code keeps it from being done twice.
   */
  once?: boolean;
  /** Whose credentials it carries; decides what WeChat's return codes mean. Default: a person's. */
  of?: 'app' | 'person';
  /** Hard limit over all attempts, in ms. Default: `http.timeout`. */
  timeout?: number;
  /** Bytes that the answer may have. Default: 64 KiB. */
  limit?: number;
}

/** A call as it is given to axios. By `sending` it is told from calls of the application's. */
export type TransportRequest = Omit<AxiosRequestConfig, keyof HttpCall> &
  Omit<HttpCall, 'headers'> & { headers: Record<string, string> };

/** Sends calls to WeChat and judges what comes back. */
export class WechatTransport {
  private readonly sockets: Sockets;

  constructor(
    private readonly http: HttpService,
    private readonly config: Pick<WechatConfig, 'endpoints' | 'http'>,
    private readonly runtime: Runtime,
    private readonly events: WechatEvents,
  ) {
    this.sockets = new Sockets(config.http.maxSockets);
  }

  /**
   * Sends the call and returns WeChat's answer. Three attempts at most, with pauses, all within one
   * time limit:
   * - what was certainly not sent is sent again, and so is what went out on a kept connection from
   *   which no byte came back (once, on a new one). A code too: had WeChat seen it after all, it
   *   says 40163, and the login starts again;
   * - a call without a code is also sent again after a connection that broke, a 5xx and WeChat's
   *   -1.
   * @throws WechatApiError, WechatNetworkError, WechatResponseError
   */
  async call(call: WechatCall): Promise<WechatAnswer> {
    return this.sendAll(call, judgeAnswer);
  }

  /** As `call`, for endpoints that may answer with a picture or another file. */
  async callForAny(call: WechatCall): Promise<WechatAnswer | Buffer> {
    return this.sendAll(call, judgeAnyAnswer);
  }

  private async sendAll<T>(call: WechatCall, judge: (answer: RawFile) => T): Promise<T> {
    const { timeout = this.config.http.timeout } = call;
    // One limit for all attempts together, so that others can know how long to wait. A limit for
    // silence on the socket would let a slow drip of bytes go on for ever.
    const deadline = new Deadline(timeout);
    // Who waits for a socket longer than half of the limit has too little left of it: a code is
    // better kept than cut off.
    const lastTurn = this.runtime.monotonic() + timeout / 2;
    let sending = new Sending();
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const send = () => this.send(call, attempt, deadline, sending, judge);
          return await this.observe(call, () =>
            this.sockets.run(lastTurn - this.runtime.monotonic(), send).catch((error: unknown) => {
              throw error instanceof SocketsBusy
                ? new WechatNetworkError(call.endpoint, 'busy', false, attempt)
                : error;
            }),
          );
        } catch (error) {
          const { stale, fresh } = sending;
          sending = new Sending(fresh || stale);
          if (stale && !fresh && !call.once) continue;
          if (attempt >= MAX_ATTEMPTS || deadline.isOver || !mayRepeat(call, error)) throw error;
          const pause = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + this.runtime.random());
          await Promise.race([this.runtime.sleep(pause), deadline.over]).catch(() => {});
          if (deadline.isOver) throw error;
        }
      }
    } finally {
      deadline.clear();
    }
  }

  private async observe<T>({ endpoint }: WechatCall, ask: () => Promise<T>): Promise<T> {
    const startedAt = this.runtime.now();
    try {
      const answer = await ask();
      this.events.emit({ type: 'api.call', endpoint, ms: this.runtime.now() - startedAt, ok: true });
      return answer;
    } catch (error) {
      this.events.emit({
        type: 'api.call',
        endpoint,
        ms: this.runtime.now() - startedAt,
        ok: false,
        ...(error instanceof WechatError ? { kind: error.kind } : {}),
        ...(error instanceof WechatApiError ? { errcode: error.errcode, rid: error.rid } : {}),
      });
      throw error;
    }
  }

  private async send<T>(
    call: WechatCall,
    attempt: number,
    deadline: Deadline,
    sending: Sending,
    judge: (answer: RawFile) => T,
  ): Promise<T> {
    const { httpAgent, httpsAgent } = this.config.http;
    const { endpoint, repeatable, of, timeout = this.config.http.timeout, limit = BODY_LIMIT } = call;
    const query = new URLSearchParams(call.query).toString();
    const config: TransportRequest = {
      method: call.method ?? 'GET',
      url: `${this.config.endpoints.api}${endpoint}${query && `?${query}`}`,
      headers: { accept: 'application/json' },
      responseType: 'arraybuffer',
      // A redirected call would hand the app secret to whoever answers there.
      maxRedirects: 0,
      maxContentLength: limit,
      validateStatus: null,
      // Our adapter knows neither a proxy nor a limit but that of `sending`; these are for one that
      // an application puts in its place.
      proxy: false,
      timeout,
      sending,
    };
    if (call.body !== undefined) {
      config.data = call.body;
      config.headers['content-type'] = 'application/json';
    }
    if (httpAgent) config.httpAgent = httpAgent;
    if (httpsAgent) config.httpsAgent = httpsAgent;
    let response: AxiosResponse<ArrayBuffer>;
    try {
      deadline.stops(sending);
      // Not through the observable of HttpService, which costs half as much again. The limit holds
      // even where an interceptor of the application's never answers.
      const request = this.http.axiosRef.request<ArrayBuffer>(config);
      response = await Promise.race([request, deadline.over]);
    } catch (error) {
      // The HTTP library's error holds the URL with the secret: its facts are copied and it is
      // dropped, not kept as `cause`.
      throw describeFault(error, call, deadline.isOver, attempt, sending.unsent);
    }
    const { status, headers, data } = response;
    const contentType: unknown = headers?.['content-type'];
    const secrets = [...call.secret.map((name) => call.query[name] ?? ''), ...(call.hidden ?? [])];
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data);
    const text = utf8.decode(bytes);
    return judge({ endpoint, repeatable, of, status, contentType, bytes, text, secrets, attempt });
  }
}

const utf8 = new TextDecoder();

/** The time that a call has, over all its attempts. */
class Deadline {
  isOver = false;
  /** Rejects when the time is over. */
  readonly over: Promise<never>;
  private readonly timer: NodeJS.Timeout;
  private current: Sending | undefined;

  constructor(ms: number) {
    let end: (reason: Error) => void;
    this.over = new Promise((_, reject) => (end = reject));
    // Mostly nobody waits for it any more.
    this.over.catch(() => {});
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.current?.stop();
      end(new Error('the time is over'));
    }, ms);
  }

  /** What is on its way when the time is over. */
  stops(sending: Sending): void {
    this.current = sending;
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}

function mayRepeat({ repeatable }: WechatCall, error: unknown): boolean {
  if (error instanceof WechatNetworkError) {
    if (!error.sent) return error.fault !== 'busy';
    return repeatable && ['reset', 'aborted', 'timeout'].includes(error.fault);
  }
  if (error instanceof WechatResponseError) return repeatable && error.httpStatus >= 500;
  return repeatable && error instanceof WechatApiError && error.errcode === -1;
}

const FAULTS: Readonly<Record<string, [WechatNetworkFault, sent: boolean]>> = {
  ECONNREFUSED: ['refused', false],
  EHOSTUNREACH: ['refused', false],
  ENETUNREACH: ['refused', false],
  ENOTFOUND: ['dns', false],
  EAI_AGAIN: ['dns', false],
  ECONNRESET: ['reset', true],
  EPIPE: ['reset', true],
  ECONNABORTED: ['timeout', true],
  ETIMEDOUT: ['timeout', true],
  // When an answer breaks off in the middle.
  ERR_BAD_RESPONSE: ['aborted', true],
};

function describeFault(
  error: unknown,
  { endpoint, limit = BODY_LIMIT }: WechatCall,
  timedOut: boolean,
  attempts: number,
  unsent: boolean,
): WechatNetworkError | WechatResponseError {
  const { code, message } = facts(error);
  if (!timedOut && message.includes('maxContentLength')) {
    return new WechatResponseError(endpoint, 200, `the body is larger than ${limit / 1024} KiB`);
  }
  const [fault, sent] = timedOut ? (['timeout', true] as const) : (FAULTS[code] ?? faultOfTls(code));
  return new WechatNetworkError(endpoint, fault, sent && !unsent, attempts);
}

/** A certificate is judged before anything is sent; other TLS errors may come at any time. */
function faultOfTls(code: string): [WechatNetworkFault, sent: boolean] {
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return ['tls', false];
  return [/TLS|SSL|EPROTO/.test(code) ? 'tls' : 'unknown', true];
}

function facts(error: unknown): { code: string; message: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}
