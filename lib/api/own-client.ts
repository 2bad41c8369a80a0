// The HTTP client that nothing but this module shapes. Loaded when a module starts, because it is
// the one file that loads axios.
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { nodeAdapter } from './node-adapter.js';
import { NodeHttp } from './node-http.js';

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
export function withoutDefaults(http: HttpService): HttpService {
  const { defaults } = http.axiosRef;
  for (const name of Object.keys(defaults)) delete defaults[name as keyof typeof defaults];
  const adapter = nodeAdapter(new NodeHttp(), (config) => http.axiosRef.getUri(config));
  Object.assign(defaults, { adapter, headers: { common: {}, get: {} } });
  return http;
}
