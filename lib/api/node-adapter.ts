// The adapter under axios: what axios leaves to one, for buffers and text, over our own requests.
import { kMaxLength } from 'node:buffer';
import type http from 'node:http';
import { type AxiosAdapter, AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { HttpFault, type NodeHttp } from './node-http.js';
import { Sending } from './sending.js';

type Config = InternalAxiosRequestConfig & { sending?: Sending };

/**
 * @param uriOf `getUri` of the client that the adapter is for: that of `axios` takes its defaults
 * in
 */
export function nodeAdapter(node: NodeHttp, uriOf: (config: Config) => string): AxiosAdapter {
  return async (config: Config) => {
    const sending = config.sending ?? new Sending();
    const answer = node.ask({
      url: config.baseURL || config.params ? uriOf(config) : config.url!,
      method: config.method?.toUpperCase() ?? 'GET',
      headers: headersOf(config),
      data: config.data as string | Uint8Array | undefined,
      httpAgent: config.httpAgent as http.Agent | undefined,
      httpsAgent: config.httpsAgent as http.Agent | undefined,
      maxContentLength: limitOf(config),
      sending,
    });
    let isLate = false;
    const stop = () => sending.stop();
    // A call of ours has a limit of its own, over all its attempts.
    const timer =
      config.timeout && !config.sending
        ? setTimeout(() => {
            isLate = true;
            stop();
          }, config.timeout)
        : undefined;
    config.signal?.addEventListener?.('abort', stop);
    // HttpService cancels in this way when nobody waits for the answer any more.
    config.cancelToken?.subscribe(stop);
    if (config.signal?.aborted) stop();
    try {
      const { status, statusText, headers, data: body, request } = await answer;
      const response = {
        data: config.responseType === 'arraybuffer' ? body : new TextDecoder().decode(body),
        status,
        statusText,
        // Names and values as node has judged them: axios would look at each once more.
        headers: Object.assign(new AxiosHeaders(), headers),
        config,
        request,
      };
      if (!config.validateStatus || config.validateStatus(status)) return response;
      const code = status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
      throw new AxiosError(`status ${status}`, code, config, request, response);
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      const [message, code] = isLate
        ? ['timeout exceeded', AxiosError.ECONNABORTED]
        : [error.message, error.code];
      throw new AxiosError(message, code, config, error.request);
    } finally {
      clearTimeout(timer);
      config.signal?.removeEventListener?.('abort', stop);
      config.cancelToken?.unsubscribe(stop);
    }
  };
}

/** Where there is no body nothing has a type, though axios names one for every POST. */
function headersOf({ headers, data }: Config): http.OutgoingHttpHeaders {
  const sent = headers.toJSON() as http.OutgoingHttpHeaders;
  if (data !== undefined) return sent;
  for (const name of Object.keys(sent)) if (name.toLowerCase() === 'content-type') delete sent[name];
  return sent;
}

function limitOf({ maxContentLength = -1 }: Config): number {
  return maxContentLength < 0 ? kMaxLength : maxContentLength;
}
