// Which language a page of the mock's own speaks.
import { headerOf, type MockRequest } from '../http/mock-http.js';
import type { PageLanguage } from '../pages/layout.js';

/**
 * Chinese, as the other pages are, unless the address or the browser's first language is another.
 */
export function languageOf(request: MockRequest): PageLanguage {
  const chosen = request.query.get('lang');
  if (chosen === 'en' || chosen === 'cn') return chosen;
  const accepted = headerOf(request, 'accept-language');
  return accepted === '' || /^\s*(\*|zh)/i.test(accepted) ? 'cn' : 'en';
}

/** The path with the language in it where it was chosen by the address: so it outlives a form. */
export function inLanguage(path: string, request: MockRequest): string {
  const lang = languageOf(request);
  return request.query.get('lang') === lang ? `${path}?lang=${lang}` : path;
}
