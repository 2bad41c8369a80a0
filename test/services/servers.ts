// Where the servers of these tests listen. A missing one fails the test file that needs it, with
// the way to start it.
import { connect } from 'node:net';

/** Each can be elsewhere: the environment variable takes the address, as `host:port`. */
const SERVERS = {
  redis: { title: 'Redis', address: process.env.TEST_REDIS ?? '127.0.0.1:6379', variable: 'TEST_REDIS' },
  mariadb: {
    title: 'MariaDB',
    address: process.env.TEST_MARIADB ?? '127.0.0.1:3306',
    variable: 'TEST_MARIADB',
  },
  postgres: {
    title: 'PostgreSQL',
    address: process.env.TEST_POSTGRES ?? '127.0.0.1:5432',
    variable: 'TEST_POSTGRES',
  },
  mongo: { title: 'MongoDB', address: process.env.TEST_MONGO ?? '127.0.0.1:27017', variable: 'TEST_MONGO' },
};

export interface ServerAddress {
  host: string;
  port: number;
}

/** Called at the top of a test file, with `await`. */
export async function requireServer(name: keyof typeof SERVERS): Promise<ServerAddress> {
  const { title, address, variable } = SERVERS[name];
  const [, host, port] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (host === undefined) throw new Error(`${variable} is not host:port but ${address}`);
  const server = { host, port: Number(port) };
  const problem = await reach(server);
  if (problem === undefined) return server;
  throw new Error(
    `${title} does not answer on ${address} (${problem}). These tests need it and are never skipped.\n` +
      `Start it with: docker compose -f test/services/compose.yaml up --wait ${name}\n` +
      `or set ${variable} to the host:port of a server whose entries may be changed.`,
  );
}

/** Why nobody listens there, or undefined when somebody does. */
export async function reach({ host, port }: ServerAddress): Promise<string | undefined> {
  const socket = connect({ host, port, timeout: 3_000 });
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('timeout', () => resolve('no answer'));
      socket.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
    });
  } finally {
    socket.destroy();
  }
}
