// Collects what is wrong with the options, so that one start tells all of it.
import { WechatConfigError } from '../errors/errors.js';

/** Everything that is wrong with the options, for one error. */
export class Complaints {
  private readonly found: WechatConfigError[] = [];

  /**
   * What `read` gives, or `instead` to go on reading with. The stand-in never gets out:
   * `throwIfAny` comes first.
   */
  attempt<T>(read: () => T, instead: T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof WechatConfigError)) throw error;
      this.add(error);
      return instead;
    }
  }

  /** Complains with these words unless it is so. */
  check(isRight: boolean, option: string, problem: string, fix: string): void {
    if (!isRight) this.add(new WechatConfigError(option, problem, fix));
  }

  /** The first complaint about an option is enough: what follows would be its echo. */
  add(error: WechatConfigError): void {
    if (!this.found.some(({ option }) => option === error.option)) this.found.push(error);
  }

  get isEmpty(): boolean {
    return this.found.length === 0;
  }

  /** @throws WechatConfigError that lists everything */
  throwIfAny(): void {
    const [first, ...others] = this.found;
    if (first) throw others.length === 0 ? first : WechatConfigError.listing(this.found);
  }
}
