// One login by a scan, from the code that is shown to the session: its stages, and the steps
// between them. Each step is a plain function of the record that was read, so that the store can
// compare and set it.
import type { SignInResult } from '../../../auth/login/sign-in.js';

/** Who sits before the code, in words of ours: the other person chooses none of them. */
export interface Seat {
  readonly browser: string;
  readonly system: string;
  /** A part of the client address, or what the application says of it. */
  readonly place: string;
}

/** Why a scene is over before its time. */
export type VoidReason = 'two' | 'digits' | 'refused' | 'disowned';

interface Facts {
  /** What the QR code holds: WeChat's address of it. */
  readonly url: string;
  /** When the code was made, in ms since 1970. */
  readonly since: number;
  /** When this stage is over, in ms since 1970; the store keeps the record no longer. */
  readonly until: number;
  readonly seat: Seat;
}

interface Person {
  readonly openid: string;
  /** When they scanned it, in ms since 1970. */
  readonly at: number;
}

/** Somebody has scanned it. */
export type Scanned = Facts &
  Person & {
    readonly stage: 'scanned';
    /** What they were sent: six digits to type, or the ticket of a page with a button. */
    readonly sent: string;
    /** Wrong digits so far. */
    readonly tries: number;
  };

/** They have said yes, by the button. */
export type Agreed = Facts & Person & { readonly stage: 'agreed'; readonly sent: string };

/**
 * Claimed by the one request that signs in. `from`: what it was before, for the case that the login
 * fails and may be tried again.
 */
export type Finished = Facts &
  Person & {
    readonly stage: 'finished';
    readonly claimedAt: number;
    readonly from: Scanned | Agreed;
    readonly result?: SignInResult;
  };

/** All stages of it. */
export type ScanRecord =
  | (Facts & { readonly stage: 'waiting' })
  | Scanned
  | Agreed
  | Finished
  | (Facts & Partial<Person> & { readonly stage: 'void'; readonly why: VoidReason });

/** Somebody can still sign in by it. */
export type Living = Extract<ScanRecord, { readonly stage: 'waiting' | 'scanned' | 'agreed' }>;

/** What a waiting page is told. */
export type ScanStatus = 'waiting' | 'scanned' | 'agreed' | 'void' | 'expired' | 'finished';

/** How long somebody who has scanned may take, in ms. */
export const SCANNED_MS = 180_000;
/** How long what came of it is kept, in ms. */
export const OVER_MS = 120_000;
/** How many wrong digits end it. */
export const MAX_TRIES = 3;

/** What a page that waits is told of it. */
export function statusOf(record: ScanRecord | undefined, now: number): ScanStatus {
  if (!record) return 'waiting';
  // What came of a claim is not known yet, and it may be given back: nobody is sent on by it.
  if (record.stage === 'finished' && !record.result)
    return record.until <= now ? 'expired' : record.from.stage;
  return isOver(record, now) ? 'expired' : record.stage;
}

/** A store may keep longer than it was told. */
export function isOver({ stage, until }: ScanRecord, now: number): boolean {
  return until <= now && stage !== 'finished' && stage !== 'void';
}

/** Whether somebody can still sign in by it. */
export function isLiving(record: ScanRecord | undefined, now: number): record is Living {
  return record !== undefined && !['void', 'finished'].includes(record.stage) && !isOver(record, now);
}

/** Whether the person types digits, and does not press a button. */
export function isByDigits({ sent }: Scanned | Agreed): boolean {
  return /^\d{6}$/.test(sent);
}

/**
 * Somebody scans. The same person again changes nothing; another one ends it for both: of two
 * people who scan one code, one was sent a picture of it.
 * @param sent what this person is to be sent
 */
export function scan(record: ScanRecord, openid: string, now: number, sent: string): ScanRecord | undefined {
  if (!isLiving(record, now)) return undefined;
  const { url, since, seat } = record;
  if (record.stage === 'waiting') {
    return { stage: 'scanned', url, since, seat, openid, at: now, sent, tries: 0, until: now + SCANNED_MS };
  }
  if (record.openid === openid) return undefined;
  return end(record, 'two', now);
}

/** The digits were wrong. */
export function fail(record: Scanned, now: number): ScanRecord {
  const tries = record.tries + 1;
  return tries >= MAX_TRIES ? end(record, 'digits', now) : { ...record, tries };
}

/** The person says yes by the button. */
export function agree(record: ScanRecord, openid: string, now: number): ScanRecord | undefined {
  if (!isLiving(record, now) || record.stage !== 'scanned' || record.openid !== openid) return undefined;
  const { url, since, seat, at, sent } = record;
  return { stage: 'agreed', url, since, seat, openid, at, sent, until: now + SCANNED_MS };
}

/** The person says no. */
export function refuse(record: ScanRecord, openid: string, now: number): ScanRecord | undefined {
  if (!isLiving(record, now) || !('openid' in record) || record.openid !== openid) return undefined;
  return end(record, 'refused', now);
}

/** Whoever was signed in says that it was not them: what came of it is given to nobody any more. */
export function disown(record: ScanRecord, openid: string, now: number): ScanRecord | undefined {
  if (record.stage !== 'finished' || record.openid !== openid || !record.result) return undefined;
  return end(record, 'disowned', now);
}

/** One request takes it upon itself to sign in; every other one finds that it is taken. */
export function claim(record: Scanned | Agreed, now: number): Finished {
  const { url, since, seat, openid, at } = record;
  return {
    stage: 'finished',
    url,
    since,
    seat,
    openid,
    at,
    claimedAt: now,
    from: record,
    until: now + OVER_MS,
  };
}

function end(record: ScanRecord, why: VoidReason, now: number): ScanRecord {
  const { url, since, seat } = record;
  const person = 'openid' in record ? { openid: record.openid as string, at: record.at as number } : {};
  return { stage: 'void', why, url, since, seat, until: now + OVER_MS, ...person };
}

/** What the store gives back may be of another version of this package. */
export function isScanRecord({ stage, until, url, since, seat }: Record<string, unknown>): boolean {
  const isStage = ['waiting', 'scanned', 'agreed', 'finished', 'void'].includes(stage as string);
  const isSeat = typeof seat === 'object' && seat !== null;
  return isStage && isSeat && Number.isFinite(until) && Number.isFinite(since) && typeof url === 'string';
}
