// Starts sample/01-quick-start as somebody who has just cloned the repository does: with npm, in a
// process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface StartOptions {
  env?: Readonly<Record<string, string>>;
  /** Default: the root of the repository. */
  folder?: string;
  /** Takes what an earlier start has built. */
  built?: boolean;
}

export class Sample {
  output = '';
  private readonly exited: Promise<number | null>;

  private constructor(private readonly process: ChildProcess) {
    for (const stream of [process.stdout!, process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.exited = once(process, 'close').then(([code]) => code as number | null);
  }

  static start({ env = {}, folder = '.', built = false }: StartOptions = {}): Sample {
    // A shell of its own: neither the npm that runs this test nor anybody's keys may have a say.
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(npm_|WECHAT_|NODE_ENV$|PUBLIC_URL$|SESSION_SECRET$|PORT$|MOCK_PORT$)/i.test(name),
    );
    const child = spawn('npm', ['start', ...(built ? ['--ignore-scripts'] : [])], {
      cwd: join(root, folder),
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, which is what Ctrl+C goes to.
      detached: true,
    });
    return new Sample(child);
  }

  /** The address that the sample prints when it is ready. */
  async address(): Promise<string> {
    return (await this.printed(/茶铺.*(http:\/\/127\.0\.0\.1:\d+)\s/))[1]!;
  }

  /** Waits until the output matches. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = pattern.exec(this.output);
        if (match) resolve(match);
      };
      this.process.stdout!.on('data', look);
      look();
    });
    const ended = this.exited.then((code) => {
      throw new Error(`The sample ended with exit code ${code}:\n${this.output}`);
    });
    return Promise.race([found, ended]);
  }

  /** The exit code, once it has ended. */
  async end(): Promise<number | null> {
    return this.exited;
  }

  /** Ctrl+C in the terminal. */
  interrupt(): void {
    this.signal('SIGINT');
  }

  /** Leaves nothing running, whatever happened before. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  private signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.process.pid!, name);
    } catch (error) {
      // The whole group has ended already.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Listens on a free port of this machine. */
export async function occupy(port = 0): Promise<{ port: number; release(): Promise<void> }> {
  const server: Server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Two ports that were free a moment ago. */
export async function freePorts(): Promise<{ PORT: string; MOCK_PORT: string }> {
  const [app, mock] = await Promise.all([occupy(), occupy()]);
  await Promise.all([app.release(), mock.release()]);
  return { PORT: String(app.port), MOCK_PORT: String(mock.port) };
}
