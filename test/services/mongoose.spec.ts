// MongooseTokenStore against a real MongoDB, where MONGODB_URL says that there is one; the user of
// it may drop the database `wechat_oauth_test_<pid>`.
import mongoose from 'mongoose';
import { Line } from './outage.js';
import { connect, describeMongoose, open } from './mongoose-suite.js';

const { MONGODB_URL } = process.env;

if (MONGODB_URL === undefined) {
  process.stderr.write(
    'MongooseTokenStore is NOT tested against MongoDB in this run: MONGODB_URL is not set. test/stores/mongoose.spec.ts tests it against a double.\n',
  );
  // A test file of jest has to have a test, and this is none.
  it.todo('MongooseTokenStore against a real MongoDB: not asked for, MONGODB_URL is not set');
} else {
  const url = new URL(MONGODB_URL);
  url.pathname = `/wechat_oauth_test_${process.pid}`;
  const line = new Line({ host: url.hostname, port: Number(url.port || 27_017) });
  await line.start();
  // Straight through the line to this one server, whatever a replica set calls itself.
  const through = new URL(url);
  through.host = `127.0.0.1:${line.port}`;
  through.searchParams.set('directConnection', 'true');

  const direct = await connect(url.href, { serverSelectionTimeoutMS: 5_000 }).catch(async (error: Error) => {
    await line.stop();
    throw new Error(
      `MONGODB_URL asks for the tests against MongoDB, and ${url.host} does not answer: ${error.message}`,
    );
  });
  const { version } = await direct.db!.admin().serverInfo();

  afterAll(async () => {
    const left = await direct.db!.collection('wechat_tokens').find().toArray();
    await direct.dropDatabase();
    await direct.close();
    await line.stop();
    expect(left).toEqual([]);
  });

  describeMongoose(`MongooseTokenStore on MongoDB ${version} by mongoose ${mongoose.version}`, {
    url: () => through.href,
    stop: () => line.stop(),
    start: () => line.start(),
  });

  it('has MongoDB remove what is over', async () => {
    const { connection, close } = await open(through.href);
    try {
      const indexes = await connection.db!.collection('wechat_tokens').indexes();
      expect(indexes).toContainEqual(
        expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
      );
    } finally {
      await close?.();
    }
  });
}
