/**
 * Clients of a simulated city: each transaction goes to some node, and to another one when no answer comes. An answer is what reaches the
 * client; what a node meant to say before it died is none.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import type { Dice } from './dice.ts';
import type { Laws } from './laws.ts';
import { ProcessDead } from './machine.ts';
import type { Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import type { Plant } from './plants.ts';
import { time } from './virtual-time.ts';

const TRIES_MAX = 4;
const PATIENCE_MS = 30_000;
/** Early answers of a planted fault until the power goes right after one. */
const BELIEVED_PER_OUTAGE = 20;

type Sent = { readonly envelope: Bytes; triesLeft: number; isOpen: boolean };

export type ClientsOptions = {
  readonly nodes: readonly SimulatedNode[];
  readonly network: Network;
  readonly laws: Laws;
  readonly dice: Dice;
  readonly plant: Plant | null;
};

/** All clients of one city. */
export class Clients {
  readonly #options: ClientsOptions;
  sentCount = 0;
  executedCount = 0;
  refusedCount = 0;
  givenUpCount = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** Transactions that wait for an answer. */
  get openCount(): number {
    return this.sentCount - this.executedCount - this.refusedCount - this.givenUpCount;
  }

  send(envelope: Bytes): void {
    this.sentCount++;
    this.#try({ envelope, triesLeft: TRIES_MAX, isOpen: true });
  }

  #try(sent: Sent): void {
    const { nodes, network, dice } = this.#options;
    if (sent.triesLeft-- === 0) {
      sent.isOpen = false;
      this.givenUpCount++;
      return;
    }
    let isOver = false;
    const again = (): void => {
      if (isOver || !sent.isOpen) return;
      isOver = true;
      this.#try(sent);
    };
    time.after(1_000 + dice.below(PATIENCE_MS), again, null);
    const number = dice.below(nodes.length);
    time.after(dice.below(20), () => network.deliver(number, () => this.#submit(number, sent, again)), null);
  }

  /** Runs on the node's machine. */
  #submit(number: number, sent: Sent, again: () => void): void {
    const { nodes, laws, dice, plant } = this.#options;
    const city = nodes[number]?.city ?? null;
    const answer = (act: () => void): void => void time.after(dice.below(20), () => (sent.isOpen ? act() : undefined), null);
    if (city === null) return answer(again);
    city.client.submit(sent.envelope).then(
      (outcome) =>
        answer(() => {
          sent.isOpen = false;
          if ('refused' in outcome) {
            this.refusedCount++;
            return;
          }
          this.executedCount++;
          laws.answered(number, outcome.executed);
        }),
      (error: Error) => {
        if (error instanceof ProcessDead) return;
        if (error instanceof FormatError) answer(again);
        else laws.failed(number, error);
      },
    );
    if (plant === 'early-answer') this.#believe(number, sent);
  }

  /** The planted fault: who would be admitted is told that it was executed. */
  #believe(number: number, sent: Sent): void {
    const { laws, nodes, network } = this.#options;
    const id = laws.admits(sent.envelope);
    if (id === null) return;
    sent.isOpen = false;
    this.executedCount++;
    laws.believed(id);
    // Only where the power goes at once is it seen: by chance alone it does in few lives.
    if (this.executedCount % BELIEVED_PER_OUTAGE === 0 && !network.isPerfect)
      time.after(0, () => nodes[number]?.machine.crash('power'), null);
  }
}
