// The desk: the mock's own page at `/`, where one sees who and what is here, and lets things fail.
import type { Faults } from '../faults/faults.js';
import type { CallLog } from '../http/call-log.js';
import type { MockAnswer, MockRequest } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { deskPage, deskRefusalPage } from '../pages/desk-page.js';
import { DeskRefusal } from './desk-refusal.js';
import { actOn } from './fault-form.js';
import { inLanguage, languageOf } from './language.js';
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
  const lang = languageOf(request);
  const address = inLanguage(DESK, request);
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
