/**
 * Questions over HTTP that wait for an order. A challenge stands in every draft, so anybody can ask in the name of a device: whoever does is a
 * stranger until a challenge that the device signed came from the same caller. Strangers have a share each and never push out a device.
 */

import { formatError } from '@oppidum/formats/errors';

/** All together, of one device, and of one caller in the name of devices whose challenges came from elsewhere. */
const WAITING_COUNT_MAX = 512;
const WAITING_OF_ONE_MAX = 2;
const WAITING_OF_STRANGER_MAX = 16;

/** `by`: the caller, as budgets are counted. `isOwn`: the newest challenge of the device came from this caller, too. */
export type Question = { readonly device: string; readonly by: string; readonly isOwn: boolean };

type Answer = (order: Uint8Array | null) => void;
type Waiting = Question & { readonly answer: Answer };

/** The questions that wait. */
export class Questions {
  /** Oldest first. */
  readonly #waiting = new Set<Waiting>();

  /** Resolves with the order, or null when the time is over or the place goes to somebody else. Throws OVERLOADED. */
  ask(
    question: Question,
    waitMs: number,
    listen: (answer: (order: Uint8Array) => void) => () => void,
  ): Promise<Uint8Array | null> {
    this.#makeRoom(question);
    return new Promise((resolve) => {
      let forget: () => void = () => undefined;
      const answer: Answer = (order) => {
        if (!this.#waiting.delete(waiting)) return;
        clearTimeout(timer);
        forget();
        resolve(order);
      };
      const waiting = { ...question, answer };
      const timer = setTimeout(() => answer(null), waitMs);
      this.#waiting.add(waiting);
      // May answer at once.
      forget = listen(answer);
      if (!this.#waiting.has(waiting)) forget();
    });
  }

  /** Answers all of them: there is none. */
  end(): void {
    for (const { answer } of [...this.#waiting]) answer(null);
  }

  #makeRoom({ device, by, isOwn }: Question): void {
    const ofDevice = this.#those((other) => other.device === device);
    if (ofDevice.length >= WAITING_OF_ONE_MAX) displace(ofDevice, isOwn);
    const ofCaller = isOwn ? [] : this.#those((other) => other.by === by && !other.isOwn);
    if (ofCaller.length >= WAITING_OF_STRANGER_MAX) displace(ofCaller, false);
    if (this.#waiting.size < WAITING_COUNT_MAX) return;
    displace(isOwn ? this.#those((other) => !other.isOwn) : [], false);
  }

  #those(are: (other: Waiting) => boolean): Waiting[] {
    return [...this.#waiting].filter(are);
  }
}

/** The oldest stranger among these makes room, or, if `also`, the oldest of them. Throws OVERLOADED. */
function displace(among: readonly Waiting[], also: boolean): void {
  const goes = among.find(({ isOwn }) => !isOwn) ?? (also ? among[0] : undefined);
  if (goes === undefined) throw formatError('OVERLOADED', { waiting: 'questions' });
  goes.answer(null);
}
