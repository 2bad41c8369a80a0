// The chats of people with accounts: what came back for what they did.
import { BoundedMap } from '../grants/bounded-map.js';
import type { MockClock } from '../mock-clock.js';
import type { MockPushResult } from '../push/push.types.js';
import { type ChatPiece, piecesOf } from './chat-text.js';
import type { MockChatMessage } from './scan.types.js';

const MOST = 100;
const OUT_OF_SERVICE = '该服务号暂时无法提供服务';

/** A message, and where its links stand. */
export interface ChatLine {
  readonly message: MockChatMessage;
  readonly pieces: readonly ChatPiece[];
}

/** What the account did with the last push: a reply, none, or nothing that counts. */
export type ChatOutcome = 'replied' | 'silent' | 'out-of-service';

/** One chat. */
export interface Chat {
  readonly lines: readonly ChatLine[];
  /** Undefined: nothing was pushed yet. */
  readonly outcome?: ChatOutcome;
}

/** All chats, the last 100 lines of each. */
export class Chats {
  readonly #chats = new BoundedMap<Chat>(5_000);

  constructor(private readonly clock: MockClock) {}

  of(appId: string, userId: string): Chat {
    return this.#chats.get(`${appId} ${userId}`) ?? { lines: [] };
  }

  /** Notes what came of a push. */
  note(appId: string, userId: string, { reply, outOfService }: MockPushResult): void {
    const seen = reply && piecesOf(reply);
    const { lines } = this.of(appId, userId);
    const line = outOfService
      ? this.#line('system', 'text', [{ text: OUT_OF_SERVICE }])
      : seen && this.#line('account', seen.type, seen.pieces);
    const outcome = outOfService ? 'out-of-service' : line ? 'replied' : 'silent';
    this.#chats.set(`${appId} ${userId}`, {
      lines: [...lines, ...(line ? [line] : [])].slice(-MOST),
      outcome,
    });
  }

  #line(from: MockChatMessage['from'], type: string, pieces: readonly ChatPiece[]): ChatLine {
    const text = pieces.map((piece) => piece.text).join('');
    const links = pieces.flatMap(({ href }) => (href === undefined ? [] : [href]));
    return { message: { at: this.clock.now(), from, type, text, links }, pieces };
  }
}
