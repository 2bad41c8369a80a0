// `--push`: fills in the page "message push" of the console by itself, as soon as the application
// answers there. Which of the two is started first does not matter.
import type { MockAppOptions } from '../mock-server/mock-server.types.js';
import { MockServerError } from '../mock-server/mock-server-error.js';
import type { WechatMockServer } from '../mock-server/mock-server.js';
import type { CliHost } from './cli-host.js';

/** What the console shows, and where it leads. */
export interface PushSetUp {
  readonly url: string;
  readonly token: string;
  readonly encodingAesKey: string;
}

/** How often the application is asked whether it is there, in ms. */
const ASK_MS = 2_000;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** New secrets for each start, as a console makes them. */
export function newPushSetUp(url: string, { random }: Pick<CliHost, 'random'>): PushSetUp {
  const text = (length: number) => [...random(length)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
  return { url, token: text(16), encodingAesKey: text(43) };
}

/** What one pastes into .env. */
export function pushEnv({ token, encodingAesKey }: PushSetUp): string[] {
  return [`WECHAT_PUSH_TOKEN=${token}`, `WECHAT_PUSH_KEY=${encodingAesKey}`];
}

/** The account whose pushes go there: the first that has any. */
export function pushApp(apps: readonly Pick<MockAppOptions, 'type' | 'appId'>[]): string | undefined {
  return apps.find(({ type }) => type === 'official-account')?.appId;
}

/** Asks until the application answers, or the program is stopped. */
export async function connectPush(
  server: WechatMockServer,
  appId: string,
  setUp: PushSetUp,
  host: CliHost,
): Promise<void> {
  const stop = new AbortController();
  void host.stopped.then(() => stop.abort());
  let said = '';
  while (!stop.signal.aborted) {
    try {
      await server.setPush({ appId, ...setUp });
      if (!stop.signal.aborted) host.out(`Push: ${setUp.url} answers; pushes of ${appId} go there.`);
      return;
    } catch (error) {
      if (!(error instanceof MockServerError)) throw error;
      // Once for each reason: the application may be up, and answer something else.
      if (error.message !== said) host.out(`Push: not yet. ${error.message}`);
      said = error.message;
    }
    await Promise.race([host.pause(ASK_MS), host.stopped]);
  }
}
