// WeChat's API host as the network sees it: answers by endpoint, and keeps every request exactly as
// it was sent.
import nock from 'nock';

export interface WireRequest {
  method: string;
  endpoint: string;
  /** Path and query as they stood on the request line. */
  raw: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  /** As it was sent; empty for GET. */
  body: string;
}

/**
 * An object or array is sent as JSON, text and bytes as they are; a `Fault` breaks the connection.
 */
export type WireAnswer = unknown;

export class Fault {
  constructor(readonly code: string) {}
}

/** An answer with a status and headers of its own. */
export class Raw {
  constructor(
    readonly status: number,
    readonly body: string | Buffer,
    readonly headers: Record<string, string> = {},
  ) {}
}

export class Wire {
  readonly requests: WireRequest[] = [];

  constructor(private readonly origin = 'https://api.weixin.qq.com') {
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
  }

  /** Answers every request for the endpoint; a function gets the request and its number, from 1. */
  on(endpoint: string, answer: WireAnswer | ((request: WireRequest, nth: number) => WireAnswer)): this {
    const answerTo = (method: string, raw: string, headers: Record<string, string>, body: string) =>
      this.answer({ method, endpoint, raw, query: queryOf(raw), headers, body }, answer);
    for (const method of ['GET', 'POST'])
      nock(this.origin)
        .persist()
        .intercept((uri) => uri.split('?')[0] === endpoint, method)
        .reply(function (uri) {
          // Not the body that nock hands over, which it has parsed.
          const { requestBodyBuffers = [] } = this.req as { requestBodyBuffers?: Buffer[] };
          const text = Buffer.concat(requestBodyBuffers).toString();
          return answerTo(method, uri, this.req.headers as Record<string, string>, text);
        });
    return this;
  }

  /** Answers with each in turn, the last one from then on. */
  queue(endpoint: string, ...answers: WireAnswer[]): this {
    return this.on(endpoint, (_request: WireRequest, nth: number) => answers[nth - 1] ?? answers.at(-1));
  }

  count(endpoint: string): number {
    return this.requests.filter((request) => request.endpoint === endpoint).length;
  }

  /**
   * Leaves node:http as it was: jest gives each test file a nock of its own, and one on top of
   * another misbehaves.
   */
  close(): void {
    nock.cleanAll();
    nock.enableNetConnect();
    nock.restore();
  }

  private async answer(request: WireRequest, answer: unknown): Promise<nock.ReplyFnResult> {
    this.requests.push(request);
    const given: unknown =
      typeof answer === 'function' ? await answer(request, this.count(request.endpoint)) : answer;
    if (given instanceof Fault) throw Object.assign(new Error(`wire ${given.code}`), { code: given.code });
    if (given instanceof Raw) return [given.status, given.body, given.headers];
    const body = typeof given === 'string' || Buffer.isBuffer(given) ? given : JSON.stringify(given);
    // As WeChat does.
    return [200, body, { 'content-type': 'text/plain' }];
  }
}

function queryOf(raw: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(raw.split('?')[1] ?? ''));
}
