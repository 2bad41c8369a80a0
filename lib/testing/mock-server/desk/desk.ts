// The desk: the mock's own page at `/`, where one sees who and what is here, and lets things fail.
import type { Faults } from '../faults/faults.js';
import type { CallLog } from '../http/call-log.js';
import { headerOf, type MockAnswer, type MockRequest } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { deskPage, deskRefusalPage } from '../pages/desk-page.js';
import type { PageLanguage } from '../pages/layout.js';
import { DeskRefusal } from './desk-refusal.js';
import { actOn } from './fault-form.js';
import { shownCalls } from './shown-call.js';
import { judgeHost, judgeOrigin } from './visitors.js';

/** The path of it. */
export const DESK = '/';

const MOST_CALLS = 20;

/** What the desk looks at and works on. */
export interface DeskParts {
  readonly world: MockWorld;
  readonly log: CallLog;
  readonly faults: Faults;
}

/** `GET /` shows everything; `POST /` does what a form asks for, and leads back. */
export function serveDesk(request: MockRequest, { world, log, faults }: DeskParts): MockAnswer {
  const chosen = request.query.get('lang') ?? '';
  const lang = languageOf(chosen, headerOf(request, 'accept-language'));
  // Kept in the address, so that a choice outlives a form.
  const address = chosen === lang ? `${DESK}?lang=${lang}` : DESK;
  try {
    judgeHost(request, world.host);
    if (request.method === 'POST') {
      judgeOrigin(request);
      actOn(request, faults);
      return {
        status: 303,
        headers: { Location: `${address}#faults`, 'Cache-Control': 'no-store' },
        body: '',
      };
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new DeskRefusal(405, { cn: '这里只有 GET 和 POST。', en: 'There is only GET and POST here.' });
    }
    const calls = log.all();
    return deskPage({
      lang,
      address,
      world,
      faults: faults.list(),
      paths: ['*', ...faults.knownPaths],
      calls: shownCalls(calls, MOST_CALLS),
      callCount: calls.length,
    });
  } catch (error) {
    if (error instanceof DeskRefusal) return deskRefusalPage(error.status, error.words[lang], address, lang);
    throw error;
  }
}

/** Chinese, as the other pages are, unless the browser's first language is another one. */
function languageOf(chosen: string, accepted: string): PageLanguage {
  if (chosen === 'en' || chosen === 'cn') return chosen;
  return accepted === '' || /^\s*(\*|zh)/i.test(accepted) ? 'cn' : 'en';
}
