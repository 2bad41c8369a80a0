// Speaks as much of MongoDB's wire protocol as MongooseTokenStore needs, so that the real mongoose
// and the real driver can be tested where no MongoDB is to be had. It says what we believe of
// MongoDB; whether MongoDB agrees is for mongoose.spec.ts to find out against a real one.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;
type Doc = Record<string, unknown>;

interface Write {
  q: Doc;
  u: { $set: Doc };
  upsert?: boolean;
}

const OP_MSG = 2013;

export class MongoDouble {
  /** Documents by collection and `_id`. */
  readonly collections = new Map<string, Map<unknown, Doc>>();
  /** What was asked, without the driver's own questions. */
  readonly commands: Doc[] = [];
  /** Answers that the next commands of a name get instead of the true one. */
  readonly faults: { command: string; answer: Doc }[] = [];
  private readonly sockets = new Set<Socket>();
  private server?: Server;
  private port = 0;

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}/test`;
  }

  async start(): Promise<void> {
    const server = createServer((socket) => this.serve(socket));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
    let buffered = Buffer.alloc(0);
    socket.on('data', (data) => {
      buffered = Buffer.concat([buffered, data]);
      while (buffered.length >= 4 && buffered.length >= buffered.readInt32LE(0)) {
        const message = buffered.subarray(0, buffered.readInt32LE(0));
        buffered = buffered.subarray(message.length);
        const answer = this.answer(readMessage(message));
        if (answer) socket.write(writeMessage(message.readInt32LE(4), answer));
      }
    });
  }

  private answer(command: Doc): Doc | undefined {
    const name = Object.keys(command)[0]!;
    const documents = this.collection(String(command[name]));
    if (['find', 'update', 'delete', 'createIndexes'].includes(name)) this.commands.push(command);
    const fault = this.faults.findIndex((one) => one.command === name);
    if (fault >= 0) return this.faults.splice(fault, 1)[0]!.answer;
    switch (name) {
      case 'hello':
        return {
          ok: 1,
          isWritablePrimary: true,
          helloOk: true,
          minWireVersion: 0,
          maxWireVersion: 25,
          maxBsonObjectSize: 16_777_216,
          maxMessageSizeBytes: 48_000_000,
          maxWriteBatchSize: 100_000,
          logicalSessionTimeoutMinutes: 30,
          connectionId: 1,
        };
      case 'find': {
        const found = search(documents, command['filter'] as Doc);
        return { ok: 1, cursor: { id: BSON.Long.ZERO, ns: 'test.x', firstBatch: found ? [found] : [] } };
      }
      case 'update':
        return this.update(documents, (command['updates'] as Write[])[0]!);
      case 'delete': {
        const found = search(documents, (command['deletes'] as Write[])[0]!.q);
        if (found) documents.delete(found['_id']);
        return { ok: 1, n: found ? 1 : 0 };
      }
      case 'create':
      case 'createIndexes':
      case 'endSessions':
      case 'ping':
      case 'dropDatabase':
        return { ok: 1 };
      default:
        return { ok: 0, code: 59, codeName: 'CommandNotFound', errmsg: `the double has no ${name}` };
    }
  }

  private update(documents: Map<unknown, Doc>, { q, u, upsert }: Write): Doc {
    const operators = Object.keys(u);
    if (operators.join() !== '$set') throw new Error(`the double cannot ${operators}`);
    const found = search(documents, q);
    if (found) {
      Object.assign(found, u.$set);
      return { ok: 1, n: 1, nModified: 1 };
    }
    if (!upsert) return { ok: 1, n: 0, nModified: 0 };
    const { _id } = q;
    if (documents.has(_id)) {
      const errmsg = `E11000 duplicate key error collection: test.x index: _id_ dup key: { _id: "${_id}" }`;
      return { ok: 1, n: 0, nModified: 0, writeErrors: [{ index: 0, code: 11_000, errmsg }] };
    }
    documents.set(_id, { _id, ...u.$set });
    return { ok: 1, n: 1, nModified: 0, upserted: [{ index: 0, _id }] };
  }

  private collection(name: string): Map<unknown, Doc> {
    const documents = this.collections.get(name) ?? new Map<unknown, Doc>();
    return (this.collections.set(name, documents), documents);
  }
}

function search(documents: Map<unknown, Doc>, filter: Doc): Doc | undefined {
  return [...documents.values()].find((document) =>
    Object.entries(filter).every(([field, wanted]) => matches(document[field], wanted)),
  );
}

function matches(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted;
  const [operator, operand, ...more] = Object.entries(wanted).flat();
  const [a, b] = [Number(actual), Number(operand)];
  if (operator === '$gt' && more.length === 0) return a > b;
  if (operator === '$lte' && more.length === 0) return a <= b;
  throw new Error(`the double cannot compare by ${JSON.stringify(wanted)}`);
}

/** The command, with what came beside it as sequences of documents put into their places. */
function readMessage(message: Buffer): Doc {
  if (message.readInt32LE(12) !== OP_MSG) throw new Error('the double only takes OP_MSG');
  const command: Doc = {};
  const document = (at: number) => message.subarray(at, at + message.readInt32LE(at));
  for (let at = 20; at < message.length;) {
    const kind = message[at++];
    const end = at + message.readInt32LE(at);
    if (kind === 0) {
      Object.assign(command, BSON.deserialize(document(at)));
    } else {
      const nameEnd = message.indexOf(0, at + 4);
      const sequence: Doc[] = [];
      for (let next = nameEnd + 1; next < end; next += message.readInt32LE(next)) {
        sequence.push(BSON.deserialize(document(next)));
      }
      command[message.toString('utf8', at + 4, nameEnd)] = sequence;
    }
    at = end;
  }
  return command;
}

function writeMessage(responseTo: number, answer: Doc): Buffer {
  const body = Buffer.from(BSON.serialize(answer));
  const head = Buffer.alloc(21);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(responseTo, 8);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}
