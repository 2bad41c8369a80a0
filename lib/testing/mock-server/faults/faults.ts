// Faults a test can inject, one queue per path: first in, first out, each for so many requests.
import { MockServerError } from '../mock-server-error.js';
import type { MockFault, MockFaultHandle } from '../mock-server.types.js';

/** Exactly one of these says what the fault is; `status` or `delayMs` alone will do as well. */
const KINDS = ['errcode', 'body', 'empty', 'brokenJson', 'reset', 'hang', 'redirectTo', 'answer'] as const;

/** A fault that waits for its requests. */
export interface WaitingFault {
  readonly path: string;
  readonly fault: MockFault;
  readonly hits: number;
}

interface QueuedFault extends MockFaultHandle {
  readonly fault: MockFault;
  hits: number;
}

/** What is to go wrong, by path. */
export class Faults {
  readonly #queues = new Map<string, QueuedFault[]>();

  constructor(readonly knownPaths: readonly string[]) {}

  /**
   * @throws MockServerError for a path WeChat does not have or a fault that says nothing or two
   * things
   */
  inject(path: string, fault: MockFault): MockFaultHandle {
    if (path !== '*' && !this.knownPaths.includes(path)) {
      throw new MockServerError(
        'inject()',
        `got the unknown path ${JSON.stringify(path)}`,
        `Known: *, ${this.knownPaths.join(', ')}.`,
      );
    }
    checkFault(fault);
    const queue = this.#queues.get(path) ?? [];
    this.#queues.set(path, queue);
    const queued: QueuedFault = {
      fault: { ...fault },
      hits: 0,
      remove: () => {
        if (queue.includes(queued)) queue.splice(queue.indexOf(queued), 1);
      },
    };
    queue.push(queued);
    return queued;
  }

  /** The fault that strikes this request, if any. One for this path comes before one for `*`. */
  take(path: string): MockFault | undefined {
    const queued = this.#queues.get(path)?.[0] ?? this.#queues.get('*')?.[0];
    if (!queued) return undefined;
    queued.hits += 1;
    if (queued.hits >= (queued.fault.times ?? 1)) queued.remove();
    return queued.fault;
  }

  /** What is injected now, path by path, each in the order it will strike. */
  list(): WaitingFault[] {
    return [...this.#queues].flatMap(([path, queue]) =>
      queue.map(({ fault, hits }) => ({ path, fault, hits })),
    );
  }

  clear(): void {
    this.#queues.clear();
  }
}

/** Whether the endpoint does its work although its answer will not be seen, or not as it is. */
export function worksAnyway(fault: MockFault): boolean {
  const changesNothing = fault.status === undefined && KINDS.every((kind) => fault[kind] === undefined);
  return fault.afterEffect === true || fault.answer !== undefined || changesNothing;
}

function checkFault(fault: MockFault): void {
  const kinds = KINDS.filter((kind) => fault[kind] !== undefined);
  if (kinds.length > 1) {
    throw new MockServerError(
      'inject()',
      `got ${kinds.join(' and ')}`,
      'Give one, and inject the other next.',
    );
  }
  if (kinds.length === 0 && fault.status === undefined && fault.delayMs === undefined) {
    throw new MockServerError(
      'inject()',
      'got no fault',
      `Give one of ${KINDS.join(', ')}, status, delayMs.`,
    );
  }
  if (fault.times !== undefined && !(fault.times >= 1)) {
    throw new MockServerError('inject()', `got times: ${fault.times}`, 'Give 1 or more, or Infinity.');
  }
  if (fault.delayMs !== undefined && !(fault.delayMs >= 0 && fault.delayMs < 2 ** 31)) {
    throw new MockServerError('inject()', `got delayMs: ${fault.delayMs}`, 'Give milliseconds, 0 or more.');
  }
  if (
    fault.status !== undefined &&
    !(Number.isInteger(fault.status) && fault.status >= 200 && fault.status <= 599)
  ) {
    throw new MockServerError('inject()', `got status: ${fault.status}`, 'Give an HTTP status, 200 to 599.');
  }
}
