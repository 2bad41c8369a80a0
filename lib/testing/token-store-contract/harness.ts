// How the contract gets at a store, and what a store may declare that it cannot do.
import type { TokenStore } from '../../tokens/token-store.js';

/** One client of the store under test. */
export interface OpenTokenStore {
  /** The store under test. */
  store: TokenStore;
  /** Ends the connection, if the store has one. A promise is waited for. */
  close?(): unknown;
}

/**
 * How the contract gets at the store under test. Every case asks the factory for one of its own.
 */
export interface TokenStoreHarness {
  /**
   * A new client of the same storage. Opened twice it is a second process or a restart: what one
   * wrote, the other reads. With `shared: false` every call may give the same object.
   */
  open(): Promise<OpenTokenStore> | OpenTokenStore;
  /** The server goes down: until `start`, nothing reaches it. What is stored may be lost. */
  stop?(): Promise<unknown>;
  /** The server is back, under the same address. */
  start?(): Promise<unknown>;
}

/**
 * What a store cannot do. Declaring it is the only way to skip a case, and the runner shows the
 * case as skipped.
 */
export interface TokenStoreCapabilities {
  /**
   * false: `setIfAbsent` and `replaceIfEqual` are atomic among the callers of one store object, but
   * not across clients, so not across processes. Two processes may then both get `true`: a token is
   * refreshed twice, and the older result may stay.
   */
  atomic?: boolean;
  /**
   * false: entries live in one process and end with it; there are no other clients, and a restart
   * forgets everything.
   */
  shared?: boolean;
  /**
   * false: nothing between the caller and the data can be down, or it cannot be stopped for a test.
   */
  outage?: boolean;
}
