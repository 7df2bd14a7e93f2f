/**
 * Evidence of changes of policy that this node did not make itself, because it was away at the change or began by state sync later: brought
 * from the light doors of neighbours. Whoever asks this node for the way from an old policy to the newest one finds all of it here then.
 * No neighbour is believed: each change is proven by the policy before it, and the first of these follows from genesis.
 */

import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import type { Policy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { parseState } from '@oppidum/formats/state-layout';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { askSuccessor, askSuccessors } from './light-client.ts';
import { keepSuccessorFile, readSuccessor, successorHeights } from './successor-archive.ts';

export type SuccessorChainOptions = {
  readonly crypto: Crypto;
  /** Holds `<height>.evidence`. */
  readonly folder: string;
  /** Light doors of others. */
  readonly urls: readonly string[];
  /** The policy that follows from genesis. */
  readonly first: Policy;
  /** Height of the newest change of policy that a published checkpoint covers, or 0. */
  readonly newest: () => number;
  /** Told in a sentence of what was brought, and once of what is missing. */
  readonly onNews: (sentence: string) => void;
  /** Told of what the disk refuses. */
  readonly onFailure: (error: Error) => void;
  readonly retryMs?: number;
};

const RETRY_MS = 30_000;
/** Of a door that does not know what it says, so many files are looked at for one change. */
const TRIED_COUNT_MAX = 8;

/** As far as the chain has been followed: the height of its last change, and what is trusted after it. */
type Followed = { readonly height: number; readonly trust: Trust };

/** The chain of one node. */
export class SuccessorChain {
  readonly #options: SuccessorChainOptions;
  #followed: Followed;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #isTold = false;

  constructor(options: SuccessorChainOptions) {
    this.#options = options;
    this.#followed = { height: 0, trust: { policy: options.first } };
  }

  /** A policy may have come into force, or the node has started. Resolves when what can be had now is here; never rejects. */
  news(): Promise<void> {
    if (this.#running !== null) return this.#running;
    if (this.#isClosed || this.#options.newest() <= this.#followed.height) return Promise.resolve();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running = this.#complete()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #complete(): Promise<void> {
    const brought: number[] = [];
    while (!this.#isClosed && this.#followed.height < this.#options.newest()) {
      const next = (await this.#own()) ?? (await this.#bring());
      if (next === null) break;
      if (next.isBrought) brought.push(next.height);
      this.#followed = next;
    }
    const { onNews, newest, urls, retryMs = RETRY_MS } = this.#options;
    if (brought.length > 0) onNews(`evidence of the changes of policy at blocks ${brought.join(', ')} came from neighbours`);
    if (this.#isClosed || this.#followed.height >= newest()) return;
    const after = this.#followed.height;
    if (!this.#isTold)
      onNews(`evidence of a change of policy after block ${after} is missing here and at ${urls.length} neighbours`);
    this.#isTold = true;
    this.#timer = setTimeout(() => void this.news(), retryMs);
    this.#timer.unref();
  }

  /** The next change, from the folder; null where the file that would be next is not there. */
  async #own(): Promise<(Followed & { readonly isBrought: false }) | null> {
    const { folder } = this.#options;
    const height = (await successorHeights(folder)).find((each) => each > this.#followed.height);
    const file = height === undefined ? null : await readSuccessor(folder, height);
    const followed = file === null || height === undefined ? null : this.#follow(file, height);
    return followed === null ? null : { ...followed, isBrought: false };
  }

  /** The next change, from the first neighbour that can prove one; kept before it counts. */
  async #bring(): Promise<(Followed & { readonly isBrought: true }) | null> {
    const { folder, urls } = this.#options;
    for (const url of urls) {
      try {
        const later = (await askSuccessors(url)).filter((height) => height > this.#followed.height).sort((a, b) => a - b);
        for (const height of later.slice(0, TRIED_COUNT_MAX)) {
          const file = await askSuccessor(url, height);
          const followed = this.#follow(file, height);
          if (followed === null) continue;
          await keepSuccessorFile(join(folder, `${height}.evidence`), file);
          return { ...followed, isBrought: true };
        }
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
    return null;
  }

  /** Null where the file does not prove, under what is trusted so far, that the block of this height put another policy into force. */
  #follow(file: Bytes, height: number): Followed | null {
    const { crypto } = this.#options;
    const { trust } = verifySuccessorPolicy(crypto, file, this.#followed.trust);
    if (trust === null) return null;
    const evidence = parseEvidenceFile(file);
    const [value] = evidence.fact === 'state' ? evidence.state.values : [];
    return value !== undefined && parseState(policyEffectiveKind, value).from === height ? { height, trust } : null;
  }
}
