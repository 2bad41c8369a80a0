// Answers for the files by which WeChat sees that a domain is ours, before the application does:
// WeChat asks from its own servers, has no session, and takes no page of an application instead.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { WechatConfig } from '../config/wechat-config.js';

/** As Node has it: Express extends it, Fastify holds it in `raw`. */
interface RawRequest {
  readonly method?: string;
  readonly url?: string;
  readonly originalUrl?: string;
  readonly headers: IncomingHttpHeaders;
}

interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: { raw: RawRequest }, reply: FastifyReplyLike, done: () => void) => void,
  ): unknown;
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** The verification files of the module and of its apps. */
export class VerificationFiles {
  /** Content by request target, for every host. */
  private readonly everywhere: ReadonlyMap<string, string>;
  /** Content by request target, by host. */
  private readonly atHost = new Map<string, ReadonlyMap<string, string>>();

  constructor({ apps, verificationFiles }: Pick<WechatConfig, 'apps' | 'verificationFiles'>) {
    this.everywhere = byTarget(verificationFiles);
    for (const { publicUrl, verificationFiles: own } of apps.values()) {
      if (!publicUrl || !own) continue;
      const others = this.atHost.get(publicUrl.host) ?? [];
      this.atHost.set(publicUrl.host, new Map([...others, ...byTarget(own)]));
    }
  }

  get isEmpty(): boolean {
    return this.everywhere.size === 0 && this.atHost.size === 0;
  }

  /**
   * What a request is answered, or undefined for the application to answer. The target is compared
   * as it was sent, letter by letter: whatever is decoded, cut off or put together first would be
   * another name for the file. The file of an app is for its own host: at another it would let one
   * tenant's account take the domain of the next.
   */
  find({ method, url, originalUrl, headers }: RawRequest): string | undefined {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    const target = originalUrl ?? url ?? '';
    return this.everywhere.get(target) ?? this.atHost.get(hostOf(headers))?.get(target);
  }

  /**
   * Called while the application registers its middleware: no route, guard or fallback is there
   * yet.
   */
  serveBefore(adapter: AbstractHttpAdapter): void {
    if (this.isEmpty) return;
    if (adapter.getType() === 'fastify') {
      const fastify = adapter.getInstance<FastifyLike>();
      fastify.addHook('onRequest', ({ raw }, reply, done) => {
        const content = this.find(raw);
        if (content === undefined) return done();
        reply.hijack();
        answer(reply.raw, raw.method, content);
      });
      return;
    }
    adapter.use((request: RawRequest, response: ServerResponse, next: () => void) => {
      const content = this.find(request);
      if (content === undefined) next();
      else answer(response, request.method, content);
    });
  }
}

/** Exactly the file, whatever a compression or a proxy would like to make of it. */
function answer(response: ServerResponse, method: string | undefined, content: string): void {
  // Somebody else answers already, e.g. a middleware whose patience was over.
  if (response.headersSent) return;
  response.writeHead(200, {
    'Content-Type': 'text/plain',
    'Content-Length': content.length,
    'Cache-Control': 'no-cache, no-transform',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(method === 'HEAD' ? undefined : content);
}

function byTarget(files: ReadonlyMap<string, string> | undefined): Map<string, string> {
  return new Map([...(files ?? [])].map(([name, content]) => [`/${name}`, content]));
}

/** As URLs write it. WeChat may ask by http or https, and a client may name the port of either. */
function hostOf(headers: IncomingHttpHeaders): string {
  const host = headers.host ?? headers[':authority'];
  return String(host ?? '')
    .toLowerCase()
    .replace(/:(?:80|443)$/, '');
}
