// What is told of a login that failed, whichever door it came through: an event for each, a
// reference, and as many lines of the log as somebody can read.
import { HttpException, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { WechatApiError, WechatError } from '../../errors/errors.js';
import type { AppConfig } from '../../config/wechat-config.js';
import { newRef } from '../../errors/ref.js';
import type { Runtime } from '../../common/runtime.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { WechatClientKind } from '../../model/client-kind.js';
import { kindOf, LoginError } from './login-error.js';

/**
 * Of a spell of failures the beginning is told, the end, and in between how many there were, once
 * in so many ms.
 */
const REMIND_MS = 5 * 60_000;
/**
 * A spell lasts so long at least, in ms: where every other login fails, it has not ended with the
 * one that did not.
 */
const SPELL_MS = 10_000;
/** How often codes that WeChat refuses are told of, in ms: anybody can send such codes. */
const REFUSED_CODES_MS = 10 * 60_000;

/**
 * Logins of one app that fail for a reason of ours or of WeChat's, one after the other. Times in ms
 * by the monotonic clock.
 */
interface Spell {
  count: number;
  readonly begunAt: number;
  toldAt: number;
}

/** Tells of logins that failed: one event, one reference, few lines. */
export class Failures {
  private readonly logger = new Logger('WechatOAuth');
  /** By app, and whether it is a mistake of ours or an outage: one does not hide the other. */
  private readonly spells = new Map<string, Spell>();
  /** By app and errcode. */
  private readonly refusedCodes = new LRUCache<string, { count: number; toldAt: number }>({ max: 100 });
  /** What was told before: twins of a login share its failure. */
  private readonly refs = new WeakMap<object, string>();

  constructor(
    private readonly events: WechatEvents,
    private readonly runtime: Pick<Runtime, 'monotonic' | 'randomBytes'>,
  ) {}

  /**
   * @param client who waited for the login; `page` whether it was a person before a page
   * @returns the reference for the answer, one for all that share the error
   */
  tell(error: unknown, app: AppConfig, client: WechatClientKind, page: boolean): string {
    const known = isObject(error) ? this.refs.get(error) : undefined;
    if (known !== undefined) return known;
    const ref = newRef(this.runtime);
    if (isObject(error)) this.refs.set(error, ref);
    this.log(error, app, ref, page);
    const api = error instanceof WechatApiError ? { errcode: error.errcode, rid: error.rid } : {};
    this.events.emit({ type: 'flow.failed', kind: kindOf(error), ...api, app: app.name, client, ref });
    return ref;
  }

  /** WeChat has answered a login at this app, and the store and the options did their part. */
  worked(app: AppConfig): void {
    for (const kind of ['config', 'outage'] as const) {
      const key = `${kind} ${app.name}`;
      const spell = this.spells.get(key);
      if (!spell || this.runtime.monotonic() - spell.begunAt < SPELL_MS) continue;
      this.spells.delete(key);
      this.logger.log(`Logins at "${app.name}" work again; failed meanwhile: ${spell.count}.`);
    }
  }

  private log(error: unknown, app: AppConfig, ref: string, page: boolean): void {
    const line = `Login at "${app.name}" failed, ref ${ref}: ${describe(error)}`;
    const kind = kindOf(error);
    if (kind === 'code' || kind === 'blocked') {
      // Of one person, and anybody can send a code that is none.
      this.logger.debug(line);
      if (kind === 'code' && error instanceof WechatApiError && !page)
        this.tellOfRefusedCodes(app, error.errcode);
    } else if (error instanceof WechatError) {
      // An argument that is wrong is a mistake of ours, as an option is.
      this.logInSpell(`${kind === 'config' || kind === 'input' ? 'config' : 'outage'} ${app.name}`, line);
    } else {
      // An exception of HTTP is what the application chose to answer a program; everything else is
      // a mistake, each perhaps another.
      this.logger[error instanceof HttpException && !page ? 'debug' : 'error'](line);
    }
  }

  private logInSpell(key: string, line: string): void {
    const now = this.runtime.monotonic();
    const spell = this.spells.get(key);
    if (!spell) {
      this.spells.set(key, { count: 1, begunAt: now, toldAt: now });
      this.logger.error(`${line} Until logins work again, more of these are told at debug.`);
      return;
    }
    spell.count++;
    this.logger.debug(line);
    if (now - spell.toldAt < REMIND_MS) return;
    spell.toldAt = now;
    this.logger.error(`${line} Failed since it began: ${spell.count}.`);
  }

  /**
   * Somebody has to hear of it where it is everybody's code, and a stranger must not fill the log
   * with made-up ones.
   */
  private tellOfRefusedCodes(app: AppConfig, errcode: number): void {
    const key = `${app.name} ${errcode}`;
    const now = this.runtime.monotonic();
    const told = this.refusedCodes.get(key);
    const count = (told?.count ?? 0) + 1;
    if (told && now - told.toldAt < REFUSED_CODES_MS) {
      told.count = count;
      return;
    }
    this.refusedCodes.set(key, { count: 0, toldAt: now });
    this.logger.warn(
      `WeChat refuses codes that programs bring, app "${app.name}", errcode ${errcode}, ${count} since the last line. ` +
        `A code that comes late or twice is such a one; if all are, ${app.appId} is not the app id of the program that asks.`,
    );
  }
}

/**
 * Our own errors hold nothing secret; what somebody else's message holds nobody knows, so only its
 * name is told.
 */
function describe(error: unknown): string {
  if (error instanceof WechatError || error instanceof LoginError) return error.message;
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return `the login handler threw ${name}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
