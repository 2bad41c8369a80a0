// One request over node:http or node:https, and what became of it: whether a call that failed had
// been sent, which nothing above can tell.
//
// It follows no redirect and knows no proxy, whatever the environment names: a proxy is an agent.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { Sending } from './sending.js';

/** Kept connections are closed before most servers do, and before NATs forget them. */
const IDLE_MS = 4_000;

/**
 * What is sent, in the words of axios; whatever else a config of axios says is not looked at.
 */
export interface HttpCall {
  url: string;
  /** In capitals. */
  method: string;
  headers: http.OutgoingHttpHeaders;
  data?: string | Uint8Array | undefined;
  /** Instead of one that keeps its connections open. */
  httpAgent?: http.Agent | undefined;
  httpsAgent?: http.Agent | undefined;
  /** Bytes that the answer may have, packed or unpacked. */
  maxContentLength: number;
  /** Is told how it ends, and may end it. */
  sending: Sending;
}

/** What came back, whatever its status, in the words of axios. */
export interface HttpAnswer {
  status: number;
  statusText: string;
  headers: http.IncomingHttpHeaders;
  data: Buffer;
  request: http.ClientRequest;
}

/** No answer came, or none that may be read. */
export class HttpFault extends Error {
  /** @param code of Node, or of axios where Node has none */
  constructor(
    message: string,
    readonly code: string,
    readonly request: http.ClientRequest,
  ) {
    super(message);
  }
}

/** Sends requests, and keeps connections open for the next. */
export class NodeHttp {
  private readonly kept = {
    http: new http.Agent({ keepAlive: true, timeout: IDLE_MS }),
    https: new https.Agent({ keepAlive: true, timeout: IDLE_MS }),
  };

  /** @throws HttpFault; what `node:http` throws for an address or a header that cannot be sent */
  ask(call: HttpCall): Promise<HttpAnswer> {
    const { maxContentLength: limit, sending } = call;
    return new Promise((resolve, reject) => {
      const request = this.begin(call);
      const line = watch(request);
      let over = false;
      const fail = (message: string, code: string, how = line.stateAt()) => {
        if (over) return;
        over = true;
        line.leave();
        sending.failed(how);
        request.destroy();
        reject(new HttpFault(message, code, request));
      };
      const tooLarge = () => fail(`maxContentLength of ${limit} exceeded`, 'ERR_BAD_RESPONSE');
      sending.began(() => fail('canceled', 'ERR_CANCELED', line.stateAt('stopped')));

      request.on('error', (error: NodeJS.ErrnoException) =>
        fail(error.message, error.code ?? '', line.stateAt(error)),
      );
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if ((size += chunk.length) > limit) tooLarge();
        });
        response.on('error', () => fail('the answer broke off', 'ERR_BAD_RESPONSE'));
        response.on('end', () => {
          if (over) return;
          let data: Buffer;
          try {
            data = unpack(Buffer.concat(chunks), response.headers['content-encoding'], limit);
          } catch (error) {
            const { code = '' } = error as NodeJS.ErrnoException;
            if (code === 'ERR_BUFFER_TOO_LARGE') tooLarge();
            else fail('the answer cannot be unpacked', code);
            return;
          }
          over = true;
          line.leave();
          const { statusCode, statusMessage, headers } = response;
          resolve({ status: statusCode!, statusText: statusMessage!, headers, data, request });
        });
      });
      request.end(call.data);
    });
  }

  private begin({ url, method, headers, httpAgent, httpsAgent, sending }: HttpCall): http.ClientRequest {
    const target = targetOf(url);
    const secure = target.protocol === 'https:';
    const agent = secure ? (httpsAgent ?? this.kept.https) : (httpAgent ?? this.kept.http);
    if (sending.fresh) dropIdle(agent);
    return (secure ? https : http).request(Object.assign(target, { agent, method, headers }));
  }
}

type Target = Pick<http.RequestOptions, 'protocol' | 'hostname' | 'port' | 'path' | 'auth'>;

/** Of the hosts that were asked: two or three, unless interceptors send calls elsewhere. */
const origins = new LRUCache<string, Target>({ max: 20 });

/**
 * Where an address leads. Of addresses like those of our calls the host is parsed once, and the
 * rest goes out as it is; what an interceptor made of one is a parser's business.
 * @returns an object that nobody else has
 */
function targetOf(address: string): Target {
  const end = address.indexOf('/', 'https://'.length);
  const path = address.slice(end);
  const host = end > 0 && PATH.test(path) ? hostOf(address.slice(0, end)) : undefined;
  return host ? { ...host, path } : urlToHttpOptions(new URL(address));
}

function hostOf(origin: string): Target | undefined {
  let known = origins.get(origin);
  if (!known && ORIGIN.test(origin)) {
    const { protocol, hostname, port } = urlToHttpOptions(new URL(origin));
    origins.set(origin, (known = { protocol, hostname, port }));
  }
  return known;
}

/** No name, no password, nothing that a parser would read in another way. */
const ORIGIN = /^https?:\/\/[\w.-]+(?::\d+)?$/;

/** Nothing in it that a parser would change: no steps up, nothing to encode. */
const PATH = /^(?:\/\w+)+\?[\w*.+%&=-]*$/;

/** Follows the connection of a request, to tell at its failure what had become of the call. */
function watch(request: http.ClientRequest) {
  let socket: Socket | undefined;
  let state: 'connecting' | 'securing' | 'open' = 'connecting';
  let isNew = false;
  let readBefore = 0;
  const open = () => (state = 'open');
  const connected = () => (state = socket && 'encrypted' in socket ? 'securing' : 'open');

  request.on('socket', (given: Socket & { secureConnecting?: boolean }) => {
    socket = given;
    readBefore = given.bytesRead;
    if (given.connecting) given.once('connect', connected);
    else state = given.secureConnecting ? 'securing' : 'open';
    isNew = state !== 'open';
    if (isNew) given.once('secureConnect', open);
  });

  return {
    leave() {
      if (isNew) socket?.off('connect', connected).off('secureConnect', open);
    },
    /** @param why the error that ended it, or that it was ended from here */
    stateAt(why?: Error | 'stopped'): 'unsent' | 'stale' | 'unknown' {
      if (!socket || state === 'securing' || isOfConnecting(why)) return 'unsent';
      // An error that does not say so itself is no proof.
      if (state === 'connecting') return why === 'stopped' ? 'unsent' : 'unknown';
      // Counted by the socket, so bytes that are not HTTP count too.
      const heard = socket.bytesRead > readBefore;
      return why !== 'stopped' && request.reusedSocket && !heard ? 'stale' : 'unknown';
    },
  };
}

/** An AggregateError is what connecting fails with where a name has several addresses. */
function isOfConnecting(error: unknown): boolean {
  const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof AggregateError || syscall === 'connect' || syscall === 'getaddrinfo';
}

/**
 * What is idle may be as dead as the one that was tried; an agent without any opens a new
 * connection.
 */
function dropIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets ?? {})) sockets?.forEach((one) => one.destroy());
}

/** Nothing packed is asked for, but some proxies pack all the same. */
function unpack(body: Buffer, encoding: string | undefined, maxOutputLength: number): Buffer {
  if (body.length === 0) return body;
  if (/^(x-)?gzip$|^deflate$/i.test(encoding ?? '')) return unzipSync(body, { maxOutputLength });
  return /^br$/i.test(encoding ?? '') ? brotliDecompressSync(body, { maxOutputLength }) : body;
}
