// The HTTP client that nothing but this module shapes. Loaded when a module starts, because it is
// the one file that loads axios.
import { HttpService } from '@nestjs/axios';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { nodeAdapter } from './node-adapter.js';
import { NodeHttp } from './node-http.js';
import type { TransportRequest } from './transport.js';

/**
 * A client of our own: interceptors of the application's would repeat our codes and log our
 * secrets.
 */
export function ownClient(): HttpService {
  return withoutDefaults(new HttpService(axios.create()));
}

/**
 * Makes a new client forget what it took over from `axios.defaults`. Applications put headers there
 * that are meant for their own services, such as `Authorization`, and adapters that cache or
 * repeat: WeChat must not learn the ones, and a code must not meet the others.
 */
export function withoutDefaults(service: HttpService): HttpService {
  const { axiosRef } = service;
  const { defaults } = axiosRef;
  const node = new NodeHttp();
  for (const name of Object.keys(defaults)) delete defaults[name as keyof typeof defaults];
  const adapter = nodeAdapter(node, (config) => axiosRef.getUri(config));
  Object.assign(defaults, { adapter, headers: { common: {}, get: {} } });

  // Calls of ours ask for nothing that axios does but for interceptors and defaults. Where it has
  // none, passing by it halves what a call costs.
  const throughAxios = axiosRef.request.bind(axiosRef);
  const request = (config: AxiosRequestConfig | TransportRequest) =>
    'sending' in config && hasNothingToAdd(axiosRef, adapter) ? node.ask(config) : throughAxios(config);
  Object.assign(axiosRef, { request });
  return service;
}

/** Nobody hung an interceptor in, or another adapter, or set a default. */
function hasNothingToAdd({ defaults, interceptors }: AxiosInstance, adapter: unknown): boolean {
  if (!isEmpty(interceptors.request) || !isEmpty(interceptors.response)) return false;
  for (const name in defaults) if (name !== 'adapter' && name !== 'headers') return false;
  if (defaults.adapter !== adapter) return false;
  const headers: unknown[] = Object.values(defaults.headers);
  return headers.every((one) => typeof one === 'object' && one !== null && Object.keys(one).length === 0);
}

/** What is ejected stays as a hole. A list that is not where it always was counts as full. */
function isEmpty({ handlers }: { handlers?: readonly unknown[] }): boolean {
  return Array.isArray(handlers) && handlers.every((one) => one === null);
}
