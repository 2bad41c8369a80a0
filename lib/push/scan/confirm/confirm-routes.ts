// The page on the phone, where a person says yes or no to a login at a computer. It ignores every
// session: who looks, WeChat says anew for each link.
import { hash } from 'node:crypto';
import { joinAuthorizeUrl } from '../../../api/authorize-url.js';
import type { DoorParts } from '../../../auth/door-parts.js';
import { HttpRequest } from '../../../auth/http/http-request.js';
import { brandAt } from '../../../auth/http/response-writer.js';
import { publicAddress, requirePublicUrl } from '../../../auth/http/return-address.js';
import { redirectTo } from '../../../auth/http/verdict.js';
import { FLOW_LIFETIME_MS, hashOf, hashOfPath, scanStepOf } from '../../../auth/login/pending-logins.js';
import type { Visit } from '../../../auth/login/visit.js';
import { statusOf as statusOfError } from '../../../auth/problems/problems.js';
import { carryOut, type DoorAnswer, foreignForm, requireLooker, visitOf } from '../carry-out.js';
import { formToken, isFormToken, isOwnForm } from '../own-origin.js';
import { readForm } from '../read-form.js';
import { agree, disown, isOver, refuse, type ScanRecord } from '../scenes/scan-record.js';
import type { ScanRecords } from '../scenes/scan-records.js';
import type { ConfirmCookie, Looker } from './confirm-cookie.js';
import { type ConfirmState, type ConfirmView, renderConfirmPage } from './confirm-page.js';
import type { Ticket, Tickets } from './ticket.js';

const STATUS: Partial<Record<ConfirmState, number>> = { over: 410, foreign: 403 };

/** Answers on the phone. */
export class ConfirmRoutes {
  constructor(
    private readonly parts: DoorParts,
    private readonly tickets: Tickets,
    private readonly cookie: ConfirmCookie,
    private readonly records: ScanRecords,
  ) {}

  /** Changes nothing, however often it is asked for: WeChat fetches links too. */
  async page(raw: object, response: unknown): Promise<void> {
    const request = new HttpRequest(raw);
    requireLooker(this.parts, request);
    const ticket = this.ticketOf(request);
    if (!ticket) return carryOut(this.parts, response, this.over(request));
    const isBack = request.query.has('code') || request.query.has('state');
    if (isBack) return carryOut(this.parts, response, await this.comeBack(ticket, request));
    const looker = this.cookie.read(ticket, request);
    return carryOut(
      this.parts,
      response,
      looker ? await this.show(ticket, looker, request) : this.ask(ticket, request),
    );
  }

  /** `answer`: `yes`, `no`, or after the login `disown`. */
  async answer(raw: object, response: unknown): Promise<void> {
    const request = new HttpRequest(raw);
    const form = await readForm(raw, this.parts.runtime);
    const ticket = this.ticketOf(request);
    if (!ticket) return carryOut(this.parts, response, this.over(request));
    const looker = this.cookie.read(ticket, request);
    const { sealer } = this.parts;
    const isOwn = isOwnForm(request, requirePublicUrl(ticket.app), () =>
      isFormToken(sealer, looker?.sealed ?? '', form.get('token')),
    );
    if (!isOwn) throw foreignForm(this.parts, request);
    // Whoever comes too late is asked anew who they are, and answers then.
    if (!looker) return carryOut(this.parts, response, redirectTo(this.addressOf(ticket)), 303);
    if (looker.openid === undefined)
      return carryOut(this.parts, response, await this.show(ticket, looker, request));
    const done = await this.act(ticket, looker.openid, form.get('answer'));
    return done === 'down'
      ? carryOut(this.parts, response, this.unavailable(ticket, request))
      : carryOut(this.parts, response, redirectTo(this.addressOf(ticket)), 303);
  }

  private async act(ticket: Ticket, openid: string, answer: string | undefined): Promise<'down' | 'done'> {
    const { app, id } = ticket;
    const { events, runtime } = this.parts;
    const now = runtime.now();
    if (answer === 'disown') return this.disown(ticket, openid);
    if (answer !== 'yes' && answer !== 'no') return 'done';
    const change = answer === 'yes' ? agree : refuse;
    const step = await this.records.step(app, id, (record) => change(record, openid, now));
    if (step === 'down') return 'down';
    if (step?.changed && answer === 'no') events.emit({ type: 'scan.refused', app: app.name });
    return 'done';
  }

  /**
   * Security decision: the session ends before the record says so. Else a store that fails in
   * between would leave a page that says that it has ended, and no way to end it.
   */
  private async disown({ app, id }: Ticket, openid: string): Promise<'down' | 'done'> {
    const { events, revocations, runtime } = this.parts;
    const record = await this.records.look(app, id);
    if (record === 'down') return 'down';
    const now = runtime.now();
    if (record?.stage !== 'finished' || !disown(record, openid, now)) return 'done';
    const { result } = record;
    if (result?.kind === 'signed-in' && !(await revocations.end(result.session))) return 'down';
    const step = await this.records.step(app, id, (found) => disown(found, openid, now));
    if (step === 'down') return 'down';
    if (step?.changed) events.emit({ type: 'scan.disowned', app: app.name });
    return 'done';
  }

  private async show(ticket: Ticket, looker: Looker, request: HttpRequest): Promise<DoorAnswer> {
    const record = await this.records.look(ticket.app, ticket.id);
    if (record === 'down') return this.unavailable(ticket, request);
    const state = stateOf(record, looker.openid, this.parts.runtime.now());
    const form = {
      action: new URL(this.addressOf(ticket)).pathname,
      token: formToken(this.parts.sealer, looker.sealed),
    };
    const at = record?.stage === 'finished' ? record.claimedAt : record?.since;
    return this.confirmPage(ticket.app, request, { state, form, seat: record?.seat, at });
  }

  /** To WeChat, for nothing but the openid. */
  private ask(ticket: Ticket, request: HttpRequest): DoorAnswer {
    const { app } = ticket;
    const { logins, config } = this.parts;
    const address = this.addressOf(ticket);
    const publicUrl = requirePublicUrl(app);
    const redirectUri = app.callbackPath === undefined ? address : publicAddress(publicUrl, app.callbackPath);
    const state = logins.createState(app, 'tap');
    const line = logins.start(app, request.cookies, {
      state,
      scope: 'snsapi_base',
      returnTo: address,
      asked: hashOf(address),
      at: hashOfPath(request.path),
    });
    const location = joinAuthorizeUrl(config.endpoints.open, app.appId, redirectUri, state, 'snsapi_base');
    return redirectTo(location, logins.makeRoom(app, request.cookies, [line]));
  }

  /** The code is exchanged for a name. No session comes of it, and no login handler is asked. */
  private async comeBack(ticket: Ticket, request: HttpRequest): Promise<DoorAnswer> {
    const { app } = ticket;
    const { codes, logins, problems, sns } = this.parts;
    const [states, sent] = [request.query.getAll('state'), request.query.getAll('code')];
    const state = states.length === 1 && scanStepOf(states[0]!) === 'tap' ? states[0]! : undefined;
    const flow = state === undefined ? undefined : logins.find(app, request.cookies, state);
    const visit = this.visitOf(request, ticket);
    const retryUrl = this.addressOf(ticket);
    // Fails closed: without the sealed cookie of this very question no code is sent.
    if (flow?.returnTo !== retryUrl) return problems.pageFor(visit, 'COOKIES_REQUIRED', { retryUrl });
    const forgotten = logins.forget(app, flow);
    const [code = ''] = sent;
    if (sent.length !== 1 || !/^[\x21-\x7e]{1,512}$/.test(code) || code === 'authdeny')
      return problems.pageFor(visit, 'LOGIN_REFUSED', { retryUrl }, [forgotten]);
    if (!(await codes.claim(app, code, hash('sha256', flow.state), FLOW_LIFETIME_MS)))
      return redirectTo(retryUrl, [forgotten]);
    try {
      const { openid, isSnapshotUser } = await sns.exchangeCode(app, code);
      const line = this.cookie.write(ticket, isSnapshotUser ? undefined : openid);
      return redirectTo(retryUrl, [line, forgotten]);
    } catch (error) {
      const ref = this.parts.failures.tell(error, app, visit.client, true);
      return problems.pageFor(visit, 'LOGIN_FAILED', { retryUrl, ref, ...statusOfError(error) }, [forgotten]);
    }
  }

  private confirmPage(
    app: Ticket['app'] | undefined,
    { lang }: HttpRequest,
    shown: Pick<ConfirmView, 'state' | 'form' | 'seat' | 'at'>,
  ): DoorAnswer {
    const { config } = this.parts;
    const publicUrl = app?.publicUrl ?? config.publicUrl;
    const view: ConfirmView = {
      ...shown,
      lang,
      host: publicUrl?.host ?? '',
      canEnd: Boolean(config.session.revocable),
      brand: brandAt(publicUrl, config.brand),
    };
    return { kind: 'own', ...renderConfirmPage(view), status: STATUS[shown.state] ?? 200, setCookies: [] };
  }

  private over(request: HttpRequest): DoorAnswer {
    const app = [...this.parts.config.apps.values()].find(({ scan }) => scan);
    return this.confirmPage(app, request, { state: 'over', form: undefined, seat: undefined, at: undefined });
  }

  private unavailable(ticket: Ticket, request: HttpRequest): DoorAnswer {
    const retryUrl = this.addressOf(ticket);
    return this.parts.problems.pageFor(this.visitOf(request, ticket), 'STORE_UNAVAILABLE', { retryUrl });
  }

  private ticketOf({ path }: HttpRequest): Ticket | undefined {
    return this.tickets.open(path.slice(path.lastIndexOf('/') + 1));
  }

  private addressOf({ app, text }: Ticket): string {
    return publicAddress(requirePublicUrl(app), `${this.parts.place.scanPath ?? ''}/confirm/${text}`);
  }

  private visitOf(request: HttpRequest, ticket: Ticket): Visit {
    return visitOf(this.parts, request, ticket.app, this.addressOf(ticket));
  }
}

/** What this person is shown; whoever is not the one who scanned learns nothing more. */
function stateOf(record: ScanRecord | undefined, openid: string | undefined, now: number): ConfirmState {
  if (!record || isOver(record, now) || record.stage === 'waiting') return 'over';
  if (openid === undefined || record.openid !== openid) return 'foreign';
  switch (record.stage) {
    case 'scanned':
      return 'asks';
    case 'void':
      return record.why === 'refused' || record.why === 'disowned' ? record.why : 'over';
    case 'finished':
      return record.result?.kind === 'signed-in' ? 'finished' : record.result ? 'over' : 'agreed';
    default:
      return record.stage;
  }
}
