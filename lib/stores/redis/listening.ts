// What a connection that only listens is, whichever library opens it: on one that is subscribed,
// Redis answers little else.

/** What is needed of the second client. */
export interface ListeningClient {
  /** Rejects when the server cannot be reached, or goes on trying. Called once. */
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Breaks it off: nothing is on its way that somebody waits for. */
  destroy(): void;
}

/** Who made the connection, and what it is told. */
export interface Listens {
  hear(channel: string, message: string): void;
  /** What has to be subscribed again after a lost connection. */
  channels(): string[];
}

/** What of both libraries is used here; their types differ by version. */
export type Loose = Record<string, (...args: unknown[]) => unknown>;

/**
 * In ms. However the application's own client gives up: of this one nobody notices when it does.
 */
export const againIn = (retries: number): number => Math.min(2 ** retries * 50, 2_000);

/** The application hears of errors by its own client, which has the same server. */
export const ignore = (): void => undefined;

/** For what fails when there is no connection, or none any more. */
export async function attempt(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch {
    // The next connection makes up for it, or nobody needs it.
  }
}
