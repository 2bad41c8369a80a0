// Headers of an answer that the application, or a middleware of it, has written before us. Nest's
// adapters can set one, but neither take one away nor see what a middleware wrote on Fastify.
import type { AbstractHttpAdapter } from '@nestjs/core';

interface Headers {
  getHeader?(name: string): unknown;
  removeHeader?(name: string): unknown;
}

/** The platform's response; on Fastify also Node's own, where Express's middlewares write. */
function layersOf(response: unknown): Headers[] {
  const { raw } = (response ?? {}) as { raw?: Headers };
  return [response as Headers, ...(raw ? [raw] : [])];
}

/** Takes a header away, wherever it was written. */
export function removeHeader(response: unknown, name: string): void {
  for (const layer of layersOf(response)) layer.removeHeader?.(name);
}

/** Says that the answer depends on this header of the request, besides what is said already. */
export function addVary(adapter: AbstractHttpAdapter, response: unknown, name: string): void {
  const said = layersOf(response)
    .flatMap((layer) => String(layer.getHeader?.('Vary') ?? '').split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const isSaid = said.some((one) => one === '*' || one.toLowerCase() === name.toLowerCase());
  adapter.setHeader(response, 'Vary', [...new Set(isSaid ? said : [...said, name])].join(', '));
}
