// A page inside WeChat for the JS-SDK client: its address and clock, the script `jweixin` as far as
// it decides what callbacks hear, and an application that signs.
import { configureJsSdk, type JsSdkOptions, type JsSdkPageConfig } from '../../../lib/client/index.js';
import type { JsSdkWindow } from '../../../lib/client/js-sdk.js';

type Problem = { errMsg: string; realAuthUrl?: unknown };
type Config = Parameters<ScriptOfWechat['config']>[0];

/**
 * What version 1.6 of the script does: "ready" is said after a failure too, and at once to whoever
 * asks later; a failure goes to the one handler, and is kept only where there is none; of the
 * success of a later `config` nobody hears.
 */
export class ScriptOfWechat {
  readonly configs: (JsSdkPageConfig & { jsApiList?: string[]; openTagList?: string[]; debug?: boolean })[] =
    [];
  private state: 0 | 1 | -1 = 0;
  private known: Problem | undefined;
  private waiting: (() => void)[] = [];
  private handler: ((problem: Problem) => void) | undefined;

  /** What the app says to a config, at once or by `answer()`; undefined: it is good. */
  constructor(public judge: ((config: Config) => Problem | undefined) | 'later' = () => undefined) {}

  config = (config: JsSdkPageConfig & { jsApiList?: string[]; openTagList?: string[]; debug?: boolean }) => {
    this.configs.push(config);
    const { judge } = this;
    if (judge !== 'later') queueMicrotask(() => this.answer(judge(config)));
  };

  answer(problem?: Problem): void {
    this.state = 1;
    this.known = problem;
    if (problem && this.handler) this.handler(problem);
    else if (problem) this.state = -1;
    for (const act of this.waiting.splice(0)) act();
  }

  ready = (act: () => void) => {
    if (this.state !== 0) act();
    else this.waiting.push(act);
  };

  error = (act: (problem: Problem) => void) => {
    if (this.state === -1) act(this.known!);
    else this.handler = act;
  };
}

export const PAGE = 'https://shop.example.com/teas?cup=2';
export const AGENT = {
  android: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50',
  iphone: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50',
  ipad: 'Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) MicroMessenger/8.0.50',
  mac: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) MicroMessenger/6.8.0',
};

export class Page {
  /** What the application was asked to sign. */
  readonly asked: string[] = [];
  readonly fetched: { url: string; init: unknown }[] = [];
  readonly location: { href: string };
  readonly navigator: { userAgent: string; maxTouchPoints?: number };
  private readonly timers = new Map<number, { act: () => void; at: number }>();
  private now = 0;
  private count = 0;

  constructor(href = PAGE, userAgent = AGENT.android) {
    this.location = { href };
    this.navigator = { userAgent };
  }

  /** What the application answers. */
  answers: (address: string) => unknown = (address) => this.sign(address);

  sign(address: string): JsSdkPageConfig {
    return { appId: 'wx1', timestamp: 1_700_000_000, nonceStr: 'n', signature: `of ${address}` };
  }

  fetch: JsSdkWindow['fetch'] = async (url, init) => {
    this.fetched.push({ url, init });
    const answer = await this.answers(new URL(url, PAGE).searchParams.get('url')!);
    if (typeof answer === 'number') return { ok: false, status: answer, json: async () => ({}) };
    return { ok: true, status: 200, json: async () => answer };
  };

  setTimeout = (act: () => void, ms: number): number => {
    this.timers.set(++this.count, { act, at: this.now + ms });
    return this.count;
  };
  clearTimeout = (timer: unknown): void => void this.timers.delete(timer as number);

  get pending(): number {
    return this.timers.size;
  }

  /** Lets time pass, step by step, with everything that follows from it. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await turn();
      const due = [...this.timers]
        .filter(([, { at }]) => at <= end)
        .toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].act();
    }
    this.now = end;
  }

  /** Configures with a function that signs, unless the test says otherwise. */
  configure(wx: ScriptOfWechat, options: Partial<JsSdkOptions> = {}): Outcome {
    const getConfig = async (address: string) => {
      this.asked.push(address);
      return (await this.answers(address)) as JsSdkPageConfig;
    };
    const source = options.url === undefined ? { getConfig } : {};
    return new Outcome(
      configureJsSdk(wx, { jsApiList: ['scanQRCode'], window: this, entryUrl: PAGE, ...source, ...options }),
    );
  }
}

/** What became of a call, to be looked at while it may be under way. */
export class Outcome {
  is: 'waiting' | 'ready' | Error = 'waiting';

  constructor(work: Promise<void>) {
    work.then(
      () => (this.is = 'ready'),
      (error: unknown) => (this.is = error as Error),
    );
  }
}

export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** WeChat that looks at one address. */
export const looksAt =
  (address: string, realAuthUrl?: unknown) =>
  ({ signature }: Config): Problem | undefined =>
    signature === `of ${address}`
      ? undefined
      : { errMsg: 'config:invalid signature', ...(realAuthUrl === undefined ? {} : { realAuthUrl }) };
