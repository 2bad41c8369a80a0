// The one place that sends a request to WeChat. What comes back is judged in answer.ts.
import type { HttpService } from '@nestjs/axios';
import type { AxiosResponse } from 'axios';
import { lastValueFrom } from 'rxjs';
import type { WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../runtime.js';
import { WechatEvents } from '../wechat-events.js';
import { judgeAnswer, type WechatAnswer } from './answer.js';
import {
  WechatApiError,
  WechatError,
  WechatNetworkError,
  type WechatNetworkFault,
  WechatResponseError,
} from './errors.js';

const BODY_LIMIT = 64 * 1024;
const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;

export interface WechatCall {
  /** Path on the API host, e.g. `/sns/userinfo`. The only part of the call that errors repeat. */
  endpoint: string;
  query: Readonly<Record<string, string>>;
  /** Names in `query` whose values must not come back out in an errmsg. */
  secret: readonly string[];
  /** Whether the call may be sent again after a known failure. Never true for a call that carries a code. */
  repeatable: boolean;
}

export class WechatTransport {
  constructor(
    private readonly http: HttpService,
    private readonly config: Pick<WechatConfig, 'endpoints' | 'http'>,
    private readonly runtime: Runtime,
    private readonly events = new WechatEvents(),
  ) {}

  /**
   * Sends the call and returns WeChat's answer. Repeats it, at most twice and with jitter, only where the call allows that and the outcome of the
   * failed one is known: it never left (refused, no address) or WeChat answered -1.
   * @throws WechatApiError, WechatNetworkError, WechatResponseError
   */
  async call(call: WechatCall): Promise<WechatAnswer> {
    const deadline = new AbortController();
    // One limit for all attempts together, so that others can know how long to wait. axios itself counts only silence on the socket; a slow drip of bytes
    // would go on for ever.
    const timer = setTimeout(() => deadline.abort(), this.config.http.timeout);
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.observe(call, attempt, deadline.signal);
        } catch (error) {
          if (!call.repeatable || attempt >= MAX_ATTEMPTS || !isKnownFailure(error)) throw error;
          await this.runtime.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + this.runtime.random()));
          if (deadline.signal.aborted) throw error;
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private async observe(call: WechatCall, attempt: number, deadline: AbortSignal): Promise<WechatAnswer> {
    const { endpoint } = call;
    const startedAt = this.runtime.now();
    try {
      const answer = await this.send(call, attempt, deadline);
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

  private async send(call: WechatCall, attempt: number, deadline: AbortSignal): Promise<WechatAnswer> {
    let response: AxiosResponse<ArrayBuffer>;
    try {
      response = await lastValueFrom(
        this.http.request<ArrayBuffer>({
          method: 'GET',
          url: `${this.config.endpoints.api}${call.endpoint}?${new URLSearchParams(call.query)}`,
          headers: { accept: 'application/json' },
          responseType: 'arraybuffer',
          // A redirected call would hand the app secret to whoever answers there.
          maxRedirects: 0,
          maxContentLength: BODY_LIMIT,
          validateStatus: () => true,
          transformResponse: (body: unknown) => body,
          signal: deadline,
          proxy: this.config.http.proxy ?? false,
          httpAgent: this.config.http.httpAgent,
          httpsAgent: this.config.http.httpsAgent,
        }),
      );
    } catch (error) {
      // The HTTP library's error holds the URL with the secret: its facts are copied and it is dropped, not kept as `cause`.
      throw describeFault(error, call.endpoint, deadline.aborted, attempt);
    }
    const text = new TextDecoder().decode(response.data);
    const secrets = call.secret.map((name) => call.query[name] ?? '');
    const { endpoint, repeatable } = call;
    return judgeAnswer({ endpoint, repeatable, status: response.status, text, secrets, attempt });
  }
}

function isKnownFailure(error: unknown): boolean {
  // A bad certificate was not sent either, but will be as bad in half a second.
  if (error instanceof WechatNetworkError) return error.fault === 'refused' || error.fault === 'dns';
  return error instanceof WechatApiError && error.errcode === -1;
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
  // What axios says when an answer breaks off in the middle.
  ERR_BAD_RESPONSE: ['aborted', true],
};

function describeFault(
  error: unknown,
  endpoint: string,
  timedOut: boolean,
  attempt: number,
): WechatNetworkError | WechatResponseError {
  if (timedOut) return new WechatNetworkError(endpoint, 'timeout', true, attempt);
  const { code, message } = facts(error);
  if (message.includes('maxContentLength')) {
    return new WechatResponseError(endpoint, 200, `the body is larger than ${BODY_LIMIT / 1024} KiB`);
  }
  const known = FAULTS[code];
  if (known) return new WechatNetworkError(endpoint, known[0], known[1], attempt);
  // A certificate is judged before anything is sent; other TLS errors may come at any time.
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return new WechatNetworkError(endpoint, 'tls', false, attempt);
  return new WechatNetworkError(endpoint, /TLS|SSL|EPROTO/.test(code) ? 'tls' : 'unknown', true, attempt);
}

function facts(error: unknown): { code: string; message: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}
