/** What the browser itself finds out about an altered copy: by evidence, by memory, by a receipt, and of two heads of one log. */

import { parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { FormatError } from '@oppidum/formats/errors';
import { parseEvidence } from '@oppidum/formats/evidence';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Policy } from '@oppidum/formats/policy';
import { parseVerifierKey } from '@oppidum/formats/verifier-key';
import type { PlayedJson, TwoHeadsJson } from '@oppidum/gateway/api/tamper';
import type { Report } from '@oppidum/proofs/report';
import type { SeenHead } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { checkFork } from '@oppidum/proofs/verify-fork';
import { verifyReceipt } from '@oppidum/proofs/verify-receipt';

/** By what a forgery of evidence shows; null where nothing does. */
export type Catch =
  | { readonly by: 'policy' }
  | { readonly by: 'memory' }
  /** The receipt says that the reading is entry `index`; `now`: where evidence has it, null where there is none. */
  | { readonly by: 'receipt'; readonly index: number; readonly now: number | null };

export type Judged = {
  readonly caught: Catch | null;
  /** Of what is served now; null where the city's program makes nothing of it. */
  readonly now: Report | null;
  /** The same by somebody who remembers the head before; null where that says nothing else. */
  readonly remembered: Report | null;
  readonly beside: Report | null;
  readonly earlier: Report;
};

/** Judges what a game left. Evidence of the city's own making can be read; the policy says who is believed. */
export function judge(played: PlayedJson, reading: string, policy: Policy): Judged {
  const earlier = verifyEvidence(crypto, parseBase64(played.evidence), { policy });
  const now = played.now.file === null ? null : verifyEvidence(crypto, parseBase64(played.now.file), { policy });
  const beside = played.beside?.file == null ? null : verifyEvidence(crypto, parseBase64(played.beside.file), { policy });
  const seen = seenHeads(played);
  const file = played.now.file ?? played.beside?.file ?? null;
  const byMemory = file === null ? null : verifyEvidence(crypto, parseBase64(file), { policy, seen });
  const isAccepted = (now ?? beside)?.color !== 'red';
  const remembered = isAccepted && byMemory?.color === 'red' ? byMemory : null;
  return { caught: findCatch(played, reading, now, remembered), now, remembered, beside, earlier };
}

function findCatch(played: PlayedJson, reading: string, now: Report | null, remembered: Report | null): Catch | null {
  if (now?.color === 'red') return { by: 'policy' };
  const index = receiptIndex(played, reading);
  const place = played.now.file === null ? null : placeOf(parseBase64(played.now.file));
  const contradicts = index !== null && index !== place;
  if (contradicts && place === null) return { by: 'receipt', index, now: null };
  if (remembered !== null) return { by: 'memory' };
  return contradicts ? { by: 'receipt', index, now: place } : null;
}

/** The index that the shard's receipt names for this reading; null where it proves nothing. */
function receiptIndex({ receipt, shard, receiptKey }: PlayedJson, reading: string): number | null {
  const leaf = verifyReceipt(crypto, parseBase64(receipt), { shard: parseHex(shard), receiptKey: parseHex(receiptKey) });
  return 'code' in leaf || toHex(leaf.digest) !== reading ? null : (leaf.index ?? null);
}

function placeOf(file: Uint8Array): number | null {
  try {
    const evidence = parseEvidence(file);
    return evidence.fact === 'reading' ? evidence.shard.index : null;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function seenHeads({ heads }: PlayedJson): readonly SeenHead[] {
  return heads.filter(({ log }) => log === 'city').map(({ before }) => headOf(before));
}

/** Size and root of a note in base64, as it says. */
export function headOf(note: string): SeenHead {
  const { size, root } = parseCheckpointNote(parseBase64(note)).checkpoint;
  return { size, root };
}

/** Whether two heads are validly signed and contradict each other; null where none do. */
export function judgeFork({ key, fork }: TwoHeadsJson): { readonly isProven: boolean } | null {
  if (fork === null) return null;
  const proof = {
    earlier: parseBase64(fork.earlier),
    later: parseBase64(fork.later),
    root: parseHex(fork.root),
    consistency: fork.consistency.map((hash) => parseHex(hash)),
  };
  return { isProven: checkFork(crypto, parseVerifierKey(crypto, key), proof) === null };
}
