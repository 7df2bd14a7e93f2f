/** What a validator says with its votes, and what it lets others say: its cosignature of the last durable block's checkpoint. */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import type { HeadSigner } from './head-signer.ts';
import type { NodeStore } from './node-store.ts';
import type { VoteNotes } from './vote-notes.ts';

/** Vote extensions as an engine asks for them. */
export type Votes = {
  /** For a vote of our own. Empty where there is nothing new, or no signature that others would accept: the vote itself counts. */
  extend(): Promise<Bytes>;
  /** Of another's vote: deterministic, without a clock. What is valid is kept. */
  accept(extension: Bytes): boolean;
};

export type VotesOptions = {
  readonly store: Pick<NodeStore, 'head'>;
  readonly origin: string;
  readonly signer: HeadSigner;
  readonly notes: VoteNotes;
  /** Size of the checkpoint published last, 0 before the first. */
  readonly publishedSize: () => number;
};

const NOTHING: Bytes = new Uint8Array(0);

/** The votes of one validator. */
export function cityVotes({ store, origin, signer, notes, publishedSize }: VotesOptions): Votes {
  const head = () => {
    if (store.head === null) throw new Error('votes follow a genesis block');
    return { origin, size: store.head.logSize, root: store.head.appHash };
  };
  return {
    async extend() {
      const committed = head();
      if (publishedSize() >= committed.size) return NOTHING;
      const note = await signer.newest().then(
        (signed) => signed.note,
        (error: Error) => {
          // A key that may not sign (LAST_SIGNED_CONFLICT) leaves the vote its worth.
          if (!(error instanceof FormatError)) throw error;
          return NOTHING;
        },
      );
      // Whatever others would reject would take our vote with it.
      return notes.accept(note, committed) ? note : NOTHING;
    },
    accept(extension) {
      return notes.accept(extension, head());
    },
  };
}
