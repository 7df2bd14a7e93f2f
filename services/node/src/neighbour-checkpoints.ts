/**
 * Published checkpoints of neighbours, for a node that did not hear enough votes to make its own: a reader, or a validator that was away.
 * They need no trust: the policy says whether they are the city's, and this node's own log whether they are about it.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy, refusalOf } from '@oppidum/formats/policy';
import { askCheckpoint } from './light-client.ts';
import type { TileLog } from './tile-log.ts';

export type NeighbourOptions = {
  readonly crypto: Crypto;
  /** Light doors. */
  readonly urls: readonly string[];
  readonly origin: string;
  readonly log: Pick<TileLog, 'persistedSize' | 'root'>;
  /** The policy whose set cosigns the head of a size. */
  readonly policyOf: (size: number) => Policy;
};

/** The neighbours of one node. */
export class NeighbourCheckpoints {
  readonly #options: NeighbourOptions;

  constructor(options: NeighbourOptions) {
    this.#options = options;
  }

  /** The newest of them, of at least this size, that stands under its policy and is a head of our own log; or null. */
  async newest(sizeMin: number): Promise<Bytes | null> {
    const notes = await Promise.all(this.#options.urls.map((url) => askCheckpoint(url).catch(orNull)));
    const valid = notes.flatMap((note) => (note === null ? [] : (this.#open(note, sizeMin) ?? [])));
    return valid.sort((a, b) => b.size - a.size)[0]?.note ?? null;
  }

  #open(note: Bytes, sizeMin: number): { readonly size: number; readonly note: Bytes } | null {
    const { crypto, origin, log, policyOf } = this.#options;
    try {
      const { checkpoint } = parseCheckpointNote(note);
      const { size, root } = checkpoint;
      if (checkpoint.origin !== origin || size < sizeMin || size > log.persistedSize) return null;
      if (!equalBytes(log.root(size), root)) return null;
      return refusalOf(evaluatePolicy(crypto, policyOf(size), note)) === null ? { size, note } : null;
    } catch (error) {
      return orNull(error as Error);
    }
  }
}

function orNull(error: Error): null {
  if (!(error instanceof FormatError)) throw error;
  return null;
}
