// A call on its way: what the transport gives to the client, and what it learns of one that failed.
import type http from 'node:http';
import type { AxiosRequestConfig } from 'axios';

/** One sending of a call. It travels in axios' config under `sending`. */
export class Sending {
  #end: 'unsent' | 'stale' | 'unknown' | undefined;
  #stop: (() => void) | undefined;

  /** @param fresh on a connection that no call used before */
  constructor(readonly fresh = false) {}

  /** No byte of the call left this host, for certain. */
  get unsent(): boolean {
    return this.#end === 'unsent';
  }

  /**
   * The connection was a kept one and broke without a byte of an answer: most likely it was dead.
   */
  get stale(): boolean {
    return this.#end === 'stale';
  }

  /** Ends it where it is. */
  stop(): void {
    this.#stop?.();
  }

  /** @param stop what ends it */
  began(stop: () => void): void {
    this.#stop = stop;
  }

  /** Of a call that an interceptor sends twice nothing is certain. */
  failed(how: 'unsent' | 'stale' | 'unknown'): void {
    this.#end = this.#end === undefined ? how : 'unknown';
  }
}

/** A call as it is given to axios. */
export interface TransportRequest extends AxiosRequestConfig<string> {
  method: 'GET' | 'POST';
  /** Whole, with the query. */
  url: string;
  headers: Record<string, string>;
  maxContentLength: number;
  httpAgent?: http.Agent;
  httpsAgent?: http.Agent;
  /** What nobody else's calls have. */
  sending: Sending;
}
