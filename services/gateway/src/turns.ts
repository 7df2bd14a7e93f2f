/**
 * Long work that never waits for anything is done in turns: one piece in each turn of the event loop, whoever waits longest first. Awaiting
 * what is there already leaves no room for anybody else, however often it is done.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';

/** The turns of all who share one sort of work. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is one's turn. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}
