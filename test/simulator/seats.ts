/** Who votes at which height: the validators of genesis, and what the results of each block said of them, from two blocks later on. */

import type { Responses } from '@oppidum/abci/methods';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { namedSigner } from '../support/signers.ts';

/** Consensus keys by the number of the machine that votes with each. */
type Set = ReadonlyMap<number, Bytes>;

/** Sets of keys that a machine may have, one after the other: a retired key never comes back. */
export const KEYS_MAX = 6;

/** Names of the test signers of a machine's keys; the first set is that of genesis. */
export function keyName(number: number, use: 'log' | 'cosigner' | 'consensus', set: number): string {
  return `validator ${number} ${use}${set === 0 ? '' : ` ${set}`}`;
}

/** The seats of one chain. */
export class Seats {
  readonly #numbers = new Map<string, number>();
  /** By height. */
  readonly #sets: Set[];

  /** The first `count` of these machines begin. */
  constructor(machineCount: number, count: number) {
    const first = new Map<number, Bytes>();
    for (let number = 0; number < machineCount; number++) {
      for (let set = 0; set < KEYS_MAX; set++)
        this.#numbers.set(toHex(namedSigner(keyName(number, 'consensus', set)).publicKey), number);
      if (number < count) first.set(number, namedSigner(keyName(number, 'consensus', 0)).publicKey);
    }
    this.#sets = [first, first, first];
  }

  /** Whoever votes on the block of this height, which the block two before it has decided. */
  at(height: number): Set {
    const set = this.#sets[height];
    if (set === undefined) throw new Error(`nobody knows yet who votes on block ${height}`);
    return set;
  }

  isQuorum(count: number, height: number): boolean {
    return 3 * count > 2 * this.at(height).size;
  }

  /** A block is decided, with these results. */
  decided(height: number, updates: Responses['finalizeBlock']['validatorUpdates']): void {
    const next = new Map(this.at(height + 1));
    const keyed = updates.map(({ pubKey, power }) => ({ key: pubKey?.ed25519 ?? new Uint8Array(0), power }));
    for (const { key } of keyed.filter(({ power }) => power === 0n)) {
      const number = this.#numberOf(key);
      if (equalBytes(next.get(number) ?? new Uint8Array(0), key)) next.delete(number);
    }
    for (const { key } of keyed.filter(({ power }) => power > 0n)) next.set(this.#numberOf(key), key);
    this.#sets[height + 2] = next;
  }

  #numberOf(key: Bytes): number {
    const number = this.#numbers.get(toHex(key));
    if (number === undefined) throw new Error(`no machine has the consensus key ${toHex(key)}`);
    return number;
  }
}
