// The contract for MongooseTokenStore, against whatever listens at a URL: a MongoDB, or the double.
import mongoose from 'mongoose';
import { MongooseTokenStore } from '../../lib/stores/mongoose/index.js';
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import type { OpenTokenStore } from '../../lib/testing/token-store-contract/harness.js';

export interface MongoServer {
  url(): string;
  stop?(): Promise<void>;
  start?(): Promise<void>;
}

export async function connect(url: string, options: mongoose.ConnectOptions = {}) {
  return mongoose
    .createConnection(url, {
      serverApi: '1',
      serverSelectionTimeoutMS: 500,
      socketTimeoutMS: 5_000,
      ...options,
    })
    .asPromise();
}

export async function open(
  url: string,
): Promise<OpenTokenStore & { store: MongooseTokenStore; connection: mongoose.Connection }> {
  const connection = await connect(url);
  const store = new MongooseTokenStore(connection);
  // Mongoose makes the collection and the index on the way; whoever drops the database must not be
  // overtaken by it.
  await connection.models['WechatToken']!.init();
  return { store, connection, close: () => connection.close() };
}

export function describeMongoose(title: string, server: MongoServer): void {
  describeTokenStore(
    title,
    () => ({ open: () => open(server.url()), stop: server.stop, start: server.start }),
    {
      outage: server.stop !== undefined,
    },
  );
}
