// The socket side: reads requests, lets faults strike, sends answers, and leaves nothing open.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallLog } from './call-log.js';
import { DESK, serveDesk } from '../desk/desk.js';
import { type Faults, worksAnyway } from '../faults/faults.js';
import { faultyAnswer } from '../faults/faulty-answers.js';
import { type MockAnswer, type MockRequest, readRequest } from './mock-http.js';
import type { MockFault } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { isPhone, servePhone } from '../scan/phone-door.js';
import { isOwnPath, isPage, route } from './router.js';

/** The socket, and the way from a request to its answer. */
export class Listener {
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly world: MockWorld,
    private readonly log: CallLog,
    private readonly faults: Faults,
  ) {
    this.#server = createServer((incoming, response) => {
      // A request that cannot be served (broken off, far too large) has no answer; and one bad
      // request must not end the test run.
      this.#handle(incoming, response).catch(() => response.destroy());
    });
  }

  /** @returns the origin to reach the server at: the loopback address where it listens on all */
  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const { port: actual } = this.#server.address() as AddressInfo;
    const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${actual}`;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, isOurs);
    const own = isOurs(request.path) || isOwnPath(request.path);
    const call = own ? undefined : this.log.add(request, this.world.clock.now());
    const fault = own ? undefined : this.faults.take(request.path);
    const real = !fault || worksAnyway(fault) ? await this.#route(request) : undefined;
    if (fault?.delayMs !== undefined) await this.#wait(fault.delayMs);
    if (fault?.hang) return;
    if (fault?.reset) {
      incoming.socket.resetAndDestroy();
      return;
    }
    const answer = fault ? faultyAnswer(this.world, fault, real, isPage(request.path)) : real!;
    if (call) call.answered = answeredOf(answer, fault);
    response.writeHead(answer.status, answer.headers as Record<string, string>);
    response.end(answer.body);
  }

  #route(request: MockRequest): MockAnswer | Promise<MockAnswer> {
    const { world, log, faults } = this;
    if (isPhone(request.path)) return servePhone(request, world);
    return isOurs(request.path) ? serveDesk(request, { world, log, faults }) : route(request, world);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
  }
}

/**
 * The desk and the phone. Never logged and never struck by a fault: the desk is where faults are
 * taken back.
 */
function isOurs(path: string): boolean {
  return path === DESK || isPhone(path);
}

function answeredOf(answer: MockAnswer, fault: MockFault | undefined): { status: number; errcode?: number } {
  const errcode = fault?.answer?.['errcode'] ?? answer.errcode;
  return errcode === undefined
    ? { status: answer.status }
    : { status: answer.status, errcode: Number(errcode) };
}
