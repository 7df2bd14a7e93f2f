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

/** Made in one turn: of what takes a fraction of a millisecond each. */
const MADE_IN_ONE_TURN = 32;

/** What `make` makes of each, in this order, some in each turn of the event loop. */
export async function inTurns<T, R>(
  items: readonly T[],
  make: (item: T) => R | Promise<R>,
  inOneTurn = MADE_IN_ONE_TURN,
): Promise<R[]> {
  const made: R[] = [];
  for (const [i, item] of items.entries()) {
    if (i > 0 && i % inOneTurn === 0) await nextTurn();
    made.push(await make(item));
  }
  return made;
}
