/** Orders to machines, as far as they pass the gateway: whose challenge is known, and who can be reached. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Rejection } from '@oppidum/formats/errors';
import { ChallengeBook } from './challenge-book.ts';
import { type OrderLine, OrderLines } from './order-lines.ts';

type DeskOptions = ConstructorParameters<typeof ChallengeBook>[0];

/** What the doors ask of the part that carries orders. */
export class OrderDesk {
  readonly challenges: ChallengeBook;
  readonly #lines = new OrderLines();

  constructor(options: DeskOptions) {
    this.challenges = new ChallengeBook(options);
  }

  /** As `ChallengeBook.take`. */
  takeChallenge(device: string, message: Bytes): Rejection | null {
    return this.challenges.take(device, message);
  }

  /** This device can be reached this way until the answer is called. */
  listen(device: string, line: OrderLine): () => void {
    return this.#lines.open(device, line);
  }

  /** Sends by every way there is to this device; false where there is none. */
  send(device: string, order: Bytes): boolean {
    return this.#lines.send(device, order);
  }
}
