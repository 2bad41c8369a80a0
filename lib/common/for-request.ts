// Parts of the application that may belong to one request: found when they are needed.
import { ContextIdFactory, type ModuleRef } from '@nestjs/core';

/**
 * What the application provides under the token. Looked up late: it may inject services that inject
 * ours, and may belong to a request.
 * @param request the platform's; undefined where no request has a part in it
 */
export async function resolveFor<T>(moduleRef: ModuleRef, token: symbol, request: unknown): Promise<T> {
  const contextId = ContextIdFactory.getByRequest(request as object);
  // So that a provider of request scope can inject REQUEST, also where nothing else on the route is
  // of that scope.
  if (request !== undefined) moduleRef.registerRequestByContextId(request, contextId);
  // Not `introspect`, which looks at the module of that token registered last. `resolve` gives the
  // one instance where there is only one.
  return moduleRef.resolve<T>(token, contextId);
}
