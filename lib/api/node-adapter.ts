// The adapter under axios: plain node:http and node:https. It does what axios leaves to an adapter,
// for buffers and text, and knows what axios cannot tell: whether a call that failed was sent.
//
// It follows no redirect and knows no proxy, whatever the environment names: a proxy is an agent.
import { kMaxLength } from 'node:buffer';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { type AxiosAdapter, AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { LRUCache } from 'lru-cache';
import type { Sending } from './sending.js';

/** Kept connections are closed before most servers do, and before NATs forget them. */
const IDLE_MS = 4_000;

/**
 * @param uriOf `getUri` of the client that the adapter is for: that of `axios` takes its defaults
 * in
 */
export function nodeAdapter(uriOf: (config: InternalAxiosRequestConfig) => string): AxiosAdapter {
  const kept = {
    http: new http.Agent({ keepAlive: true, timeout: IDLE_MS }),
    https: new https.Agent({ keepAlive: true, timeout: IDLE_MS }),
  };

  return (config) =>
    new Promise((resolve, reject) => {
      const target = targetOf(config.baseURL || config.params ? uriOf(config) : config.url!);
      const secure = target.protocol === 'https:';
      const agent: http.Agent = secure
        ? ((config.httpsAgent as http.Agent | undefined) ?? kept.https)
        : ((config.httpAgent as http.Agent | undefined) ?? kept.http);
      const { sending } = config as { sending?: Sending };
      if (sending?.fresh) dropIdle(agent);

      const request = (secure ? https : http).request({
        ...target,
        agent,
        method: config.method?.toUpperCase() ?? 'GET',
        headers: config.headers.toJSON() as http.OutgoingHttpHeaders,
      });
      const line = watch(request);
      let over = false;
      const finish = () => {
        over = true;
        clearTimeout(timer);
        line.leave();
        config.signal?.removeEventListener?.('abort', stop);
        config.cancelToken?.unsubscribe(stop);
      };
      const fail = (message: string, code: string, how = line.stateAt()) => {
        if (over) return;
        finish();
        sending?.failed(how);
        request.destroy();
        reject(new AxiosError(message, code, config, request));
      };
      /** axios itself turns this into its error for cancelled calls. */
      const stop = () => fail('canceled', AxiosError.ERR_CANCELED, line.stateAt('stopped'));
      sending?.began(stop);
      // A call of ours has a limit of its own, over all its attempts.
      const timer =
        config.timeout && !sending
          ? setTimeout(
              () => fail('timeout exceeded', AxiosError.ECONNABORTED, line.stateAt('stopped')),
              config.timeout,
            )
          : undefined;
      config.signal?.addEventListener?.('abort', stop);
      // HttpService cancels in this way when nobody waits for the answer any more.
      config.cancelToken?.subscribe(stop);

      request.on('error', (error: NodeJS.ErrnoException) =>
        fail(error.message, error.code ?? '', line.stateAt(error)),
      );
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const { maxContentLength = -1 } = config;
        const limit = maxContentLength < 0 ? kMaxLength : maxContentLength;
        const tooLarge = () => fail(`maxContentLength of ${limit} exceeded`, AxiosError.ERR_BAD_RESPONSE);
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if ((size += chunk.length) > limit) tooLarge();
        });
        response.on('error', () => fail('the answer broke off', AxiosError.ERR_BAD_RESPONSE));
        response.on('end', () => {
          if (over) return;
          let body: Buffer;
          try {
            body = unpack(Buffer.concat(chunks), response.headers['content-encoding'], limit);
          } catch (error) {
            const { code = '' } = error as NodeJS.ErrnoException;
            if (code === 'ERR_BUFFER_TOO_LARGE') tooLarge();
            else fail('the answer cannot be unpacked', code);
            return;
          }
          finish();
          const status = response.statusCode!;
          const answer = {
            data: config.responseType === 'arraybuffer' ? body : new TextDecoder().decode(body),
            status,
            statusText: response.statusMessage!,
            // Names and values as node has judged them: axios would look at each once more.
            headers: Object.assign(new AxiosHeaders(), response.headers),
            config,
            request,
          };
          if (!config.validateStatus || config.validateStatus(status)) resolve(answer);
          else {
            const code = status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
            reject(new AxiosError(`status ${status}`, code, config, request, answer));
          }
        });
      });
      if (config.signal?.aborted) stop();
      else request.end(config.data);
    });
}

type Target = Pick<http.RequestOptions, 'protocol' | 'hostname' | 'port' | 'path' | 'auth'>;

/** Of the hosts that were asked: two or three, unless interceptors send calls elsewhere. */
const origins = new LRUCache<string, Target>({ max: 20 });

/**
 * Where an address leads. Of addresses like those of our calls the host is parsed once, and the
 * rest goes out as it is; what an interceptor made of one is a parser's business.
 */
function targetOf(address: string): Target {
  const [, origin, path] = CALL.exec(address) ?? [];
  if (origin === undefined) return urlToHttpOptions(new URL(address));
  let target = origins.get(origin);
  if (!target) {
    const { protocol, hostname, port } = urlToHttpOptions(new URL(origin));
    origins.set(origin, (target = { protocol, hostname, port }));
  }
  return { ...target, path };
}

/**
 * Nothing in it that a parser would change: no steps up, nothing to encode, no name and password.
 */
const CALL = /^(https?:\/\/[\w.-]+(?::\d+)?)((?:\/\w+)+\?[\w*.+%&=-]*)$/;

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
