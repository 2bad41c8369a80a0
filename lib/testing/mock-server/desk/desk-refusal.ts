// What the desk will not do, in both languages of its page.
import type { PageLanguage } from '../pages/layout.js';

/** Thrown where the desk refuses. The words say what happened and what to do. */
export class DeskRefusal extends Error {
  constructor(
    readonly status: number,
    readonly words: Readonly<Record<PageLanguage, string>>,
  ) {
    super(words.en);
  }
}
