// `GET scan`, which shows a code, and `POST scan/finish`, which ends the login.
import { HttpRequest } from '../../../auth/http/http-request.js';
import {
  allowedReturnAddress,
  defaultReturnAddress,
  publicAddress,
  requirePublicUrl,
} from '../../../auth/http/return-address.js';
import { redirectTo } from '../../../auth/http/verdict.js';
import type { DoorParts } from '../../../auth/door-parts.js';
import type { LoginAttempt } from '../../../auth/login/callback-answer.js';
import type { Visit } from '../../../auth/login/visit.js';
import type { FoundSession } from '../../../auth/session/sealed-sessions.js';
import { SingleFlight } from '../../../common/single-flight.js';
import { carryOut, type DoorAnswer, foreignForm, requireLooker, visitOf } from '../carry-out.js';
import { type Form, readForm } from '../read-form.js';
import { isFormToken, isOwnForm } from '../own-origin.js';
import type { Finish, ScanFinish } from '../scan-finish.js';
import type { AskedScan, ScanFlow, ScanFlows } from '../scan-flows.js';
import type { DrawnCode, ScanCodes } from '../scenes/scan-codes.js';
import { isByDigits, isLiving, type ScanRecord, statusOf } from '../scenes/scan-record.js';
import type { ScanRecords } from '../scenes/scan-records.js';
import type { ScanNews } from '../waiting/scan-news.js';
import type { ScanAnswer, Shown } from './scan-answer.js';

/** What a finish is answered with, by what it came to. */
const STATUS = { wrong: 422, early: 422, void: 410, expired: 410, again: 503 } as const;

/** Answers at the desktop. */
export class ScanRoutes {
  /** Two tabs that load at once are shown one code. */
  private readonly drawing = new SingleFlight<DrawnCode>();

  constructor(
    private readonly parts: DoorParts,
    private readonly flows: ScanFlows,
    private readonly codes: ScanCodes,
    private readonly records: ScanRecords,
    private readonly finishing: ScanFinish,
    private readonly answer: ScanAnswer,
    private readonly news: ScanNews,
  ) {}

  /** A code is asked for by a person who looks, with the cookie of a login that has none. */
  async page(raw: object, response: unknown): Promise<void> {
    const request = new HttpRequest(raw);
    requireLooker(this.parts, request);
    const asked = this.flows.asked(request);
    const flow = asked && this.flows.shown(asked, request);
    const verdict = flow ? await this.show(flow, request) : this.withoutFlow(asked, request);
    await carryOut(this.parts, response, verdict);
  }

  /** The digits, or after a "yes" on the phone nothing but the form. */
  async finish(raw: object, response: unknown): Promise<void> {
    const request = new HttpRequest(raw);
    const form = await readForm(raw, this.parts.runtime);
    const flow = this.flows.of(request);
    if (flow && !this.isOwn(flow, request, form)) throw foreignForm(this.parts, request);
    if (!flow)
      return carryOut(this.parts, response, this.withoutFlow(this.flows.asked(request), request, false));
    const outcome = await this.finishOf(flow, request, digitsOf(form));
    if ('verdict' in outcome) return carryOut(this.parts, response, outcome.verdict, 303);
    const status = STATUS[outcome.kind];
    if (request.opensPage)
      return carryOut(this.parts, response, await this.afterFinish(flow, request, outcome, status));
    const said = outcome.kind === 'early' ? 'waiting' : outcome.kind;
    this.answer.tell(response, status, {
      status: said,
      ...(outcome.kind === 'wrong' ? { left: outcome.left } : {}),
    });
  }

  private async show(flow: ScanFlow, request: HttpRequest): Promise<DoorAnswer> {
    const { app, pending } = flow;
    const attempt = this.attemptOf(flow, request);
    const now = this.parts.runtime.now();
    const record = pending.scene && (await this.records.look(app, pending.scene.id));
    if (record === 'down') return this.unavailable(flow, attempt.visit);
    if (record?.stage === 'finished' || pending.done) {
      const result = await this.finishing.replay(attempt);
      if (result) return this.parts.answer.toResult(attempt, result);
      // It failed meanwhile, and can be tried again.
      if (record?.stage === 'finished' && !record.result)
        return this.answer.page(flow, request, shownOf(record.from, now));
      return redirectTo(attempt.returnTo);
    }
    if (isLiving(record, now)) return this.answer.page(flow, request, shownOf(record, now));
    // Told before there is another one, and by a link: a page that is left alone asks for none.
    const isOver = record !== undefined || (pending.scene && pending.scene.since + app.scan!.lifetime <= now);
    if (isOver && !request.query.has('new')) {
      const status = record?.stage === 'void' ? 'void' : 'expired';
      return this.answer.page(flow, request, { status, byDigits: true }, 410);
    }
    return this.draw(flow, attempt, request);
  }

  private async draw(flow: ScanFlow, attempt: LoginAttempt, request: HttpRequest): Promise<DoorAnswer> {
    const { app, state, pending } = flow;
    const { answer, logins, problems, runtime } = this.parts;
    const retryUrl = this.answer.addressOf(flow);
    let drawn: DrawnCode;
    this.news.expect(app);
    try {
      drawn = await this.drawing.run(state, () => this.codes.draw(app, request));
    } catch (error) {
      return answer.toError({ ...attempt, returnTo: retryUrl }, error);
    }
    if (drawn === 'down') return this.unavailable(flow, attempt.visit);
    if ('limited' in drawn)
      return problems.pageFor(attempt.visit, 'TOO_MANY_CODES', { retryUrl, pageUrl: attempt.returnTo });
    this.news.made(drawn.shown.id);
    const line = logins.start(app, request.cookies, { ...pending, scene: drawn.shown });
    const setCookies = logins.makeRoom(app, request.cookies, [line]);
    return this.answer.page(flow, request, shownOf(drawn.record, runtime.now()), 200, setCookies);
  }

  private async finishOf(
    flow: ScanFlow,
    request: HttpRequest,
    digits: string | undefined,
  ): Promise<Exclude<Finish, { kind: 'result' }> | { verdict: DoorAnswer }> {
    const { answer, reader } = this.parts;
    const attempt = this.attemptOf(flow, request);
    const found = await reader.find(request, [flow.app.name]);
    const current: FoundSession | undefined = Array.isArray(found) ? found[0] : undefined;
    try {
      const outcome = await this.finishing.finish(attempt, digits, current);
      return outcome.kind === 'result' ? { verdict: answer.toResult(attempt, outcome.result) } : outcome;
    } catch (error) {
      const retry = { ...attempt, returnTo: this.answer.addressOf(flow) };
      return { verdict: answer.toError(retry, error) };
    }
  }

  private async afterFinish(
    flow: ScanFlow,
    request: HttpRequest,
    outcome: Exclude<Finish, { kind: 'result' }>,
    status: number,
  ): Promise<DoorAnswer> {
    const { visit } = this.attemptOf(flow, request);
    switch (outcome.kind) {
      case 'again':
        return this.unavailable(flow, visit);
      case 'wrong': {
        const failed = { left: outcome.left };
        return this.answer.page(flow, request, { status: 'scanned', byDigits: true, failed }, status);
      }
      case 'early': {
        const record = flow.pending.scene && (await this.records.look(flow.app, flow.pending.scene.id));
        if (!record || record === 'down') return this.unavailable(flow, visit);
        const shown = shownOf(record, this.parts.runtime.now());
        return this.answer.page(flow, request, { ...shown, failed: 'early' }, status);
      }
      default:
        return this.answer.page(flow, request, { status: outcome.kind, byDigits: true }, status);
    }
  }

  /**
   * Fails closed: without the cookie of this login there is nothing to show. Once more, for a
   * browser that has just been given it; then it is told to keep cookies.
   */
  private withoutFlow(asked: AskedScan | undefined, request: HttpRequest, mayRepeat = true): DoorAnswer {
    const { problems, place, config } = this.parts;
    const app = asked?.app ?? [...config.apps.values()].find(({ scan, publicUrl }) => scan && publicUrl);
    const login =
      app && place.path !== undefined ? publicAddress(requirePublicUrl(app), place.path) : undefined;
    // Somebody typed the address of the page.
    if (!asked && !request.query.has('state') && login !== undefined) return redirectTo(login);
    const visit = visitOf(this.parts, request, app);
    const retry = login === undefined ? {} : { retryUrl: login };
    if (!asked) return problems.pageFor(visit, 'BAD_LOGIN_REQUEST', retry);
    if (mayRepeat && !request.query.has('again'))
      return redirectTo(`${this.answer.addressOf({ app: asked.app, state: asked.state })}&again=1`);
    return problems.pageFor(visit, 'COOKIES_REQUIRED', retry);
  }

  private unavailable(flow: ScanFlow, visit: Visit): DoorAnswer {
    return this.parts.problems.pageFor(visit, 'STORE_UNAVAILABLE', { retryUrl: this.answer.addressOf(flow) });
  }

  private isOwn({ app, state }: ScanFlow, request: HttpRequest, form: Form): boolean {
    return isOwnForm(request, requirePublicUrl(app), () =>
      isFormToken(this.parts.sealer, state, form.get('token')),
    );
  }

  private attemptOf({ app, pending }: ScanFlow, request: HttpRequest): LoginAttempt {
    const { config } = this.parts;
    const returnTo = allowedReturnAddress(config, app, pending.returnTo) ?? defaultReturnAddress(config, app);
    return { visit: visitOf(this.parts, request, app, returnTo), app, restarts: 0, pending, returnTo };
  }
}

function shownOf(record: ScanRecord, now: number): Shown {
  const byDigits = record.stage === 'scanned' ? isByDigits(record) : record.stage !== 'agreed';
  const url = record.stage === 'waiting' ? record.url : undefined;
  return { status: statusOf(record, now), byDigits, url };
}

/** People type blanks between digits, and a Chinese keyboard may write them in full width. */
function digitsOf(form: Form): string | undefined {
  return form
    .get('digits')
    ?.replace(/[\uff10-\uff19]/g, (digit) => String(digit.charCodeAt(0) - 0xff10))
    .replace(/[ \u3000\t-]/g, '');
}
