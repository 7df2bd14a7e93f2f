/**
 * This validator's word on the newest head of its block log: tiles first, then the signature. Votes and checkpoints both ask for it, so
 * it is given in one sequence and once per head: a key that has signed a head signs no smaller one.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import type { LogHead, TileLog } from './tile-log.ts';

export type HeadSignerOptions = {
  readonly log: Pick<TileLog, 'persist'>;
  /** Signs a durable head, see `LogSigner.sign`. */
  readonly sign: (head: LogHead) => Promise<Bytes>;
};

/** A signed head. */
export type SignedHead = LogHead & { readonly note: Bytes };

/** The word of one validator. */
export class HeadSigner {
  readonly #options: HeadSignerOptions;
  #latest: SignedHead | null = null;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: HeadSignerOptions) {
    this.#options = options;
  }

  /** The newest head, durable and signed. Throws as `LogSigner.sign` and `TileLog.persist` do. */
  newest(): Promise<SignedHead> {
    const signed = this.#working.then(() => this.#sign());
    this.#working = signed.catch(() => undefined);
    return signed;
  }

  /**
   * The same note, or nothing while the log has not come to where this key signed last: a node that was emptied says nothing until it has
   * caught up. Throws as `newest` does otherwise.
   */
  async newestOrNothing(): Promise<Bytes> {
    try {
      return (await this.newest()).note;
    } catch (error) {
      if (error instanceof FormatError && isBehind(error)) return new Uint8Array(0);
      throw error;
    }
  }

  async #sign(): Promise<SignedHead> {
    const head = await this.#options.log.persist();
    if (this.#latest?.size === head.size) return this.#latest;
    this.#latest = { ...head, note: await this.#options.sign(head) };
    return this.#latest;
  }
}

function isBehind({ code, details }: FormatError): boolean {
  return code === 'LAST_SIGNED_CONFLICT' && Number(details['size']) < Number(details['signedSize']);
}
