/** The hops that several kinds of evidence share: a leaf in the city's block log, a transaction leaf, a state proof. */

import { encodeBlockLeaf, encodeTransactionLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { describeError } from '@oppidum/formats/errors';
import type { AnchorHop, StateHop } from '@oppidum/formats/evidence';
import { genesisHashOf } from '@oppidum/formats/ids';
import type { KeyRange } from '@oppidum/formats/state-layout';
import { keySizeOf } from '@oppidum/formats/state-registry';
import { parsePayload, type TransactionPayload, transactionId } from '@oppidum/formats/transaction';
import { checkInclusion } from './merkle.ts';
import { leafHash } from './merkle-hash.ts';
import { Refuted, refuteIf } from './report.ts';
import { checkMinimalProof, checkStateProof, type ProvenLeaf, parseStateProof } from './state-proof.ts';
import type { CityHead } from './verify-checkpoint.ts';

type LogHop = { readonly index: number; readonly path: readonly Bytes[] };

/** Refutes NOT_IN_LOG unless the leaf stands at its index under the cosigned checkpoint. */
function requireLeaf(crypto: Crypto, head: CityHead, hop: LogHop, leaf: Bytes): void {
  const claim = { index: hop.index, size: head.size, leafHash: leafHash(crypto, leaf), proof: hop.path, root: head.root };
  refuteIf(checkInclusion(crypto, claim), 'NOT_IN_LOG');
}

/** What a transaction leaf needs besides the payload. */
type LeafFacts = { readonly height: number; readonly position: number; readonly eventsDigest: Bytes; readonly log: LogHop };

/** Opens a payload whose leaf, with this code, is in the city's log. Refutes NOT_OURS, NOT_IN_LOG. */
export function openTransaction(
  crypto: Crypto,
  head: CityHead,
  payloadBytes: Bytes,
  code: string,
  facts: LeafFacts,
): TransactionPayload {
  const payload = parsePayload(payloadBytes);
  requireAudience(head, payload.city);
  const { height, position, eventsDigest } = facts;
  const leaf = encodeTransactionLeaf({ height, position, id: transactionId(crypto, payloadBytes), code, eventsDigest });
  requireLeaf(crypto, head, facts.log, leaf);
  return payload;
}

/** The body of the one action meant, of a transaction that took effect. Refutes HASH_MISMATCH when it is of another kind. */
export function openAction(crypto: Crypto, head: CityHead, hop: AnchorHop, kind: string) {
  const payload = openTransaction(crypto, head, hop.payload, 'OK', hop);
  const action = payload.actions[hop.action];
  if (action === undefined || action.kind !== kind)
    throw new Refuted('HASH_MISMATCH', `the transaction carries no ${kind} at ${hop.action}`);
  return action.body;
}

/** Refutes NOT_OURS unless the audience is the city that the checkpoint's origin names. */
export function requireAudience(head: CityHead, audience: Bytes): void {
  if (equalBytes(audience, genesisHashOf(head.origin))) return;
  throw new Refuted('NOT_OURS', `meant for the city ${toHex(audience)}`);
}

/**
 * The leaves of the state map in these ranges, all of them and nothing else, each with its value; the map's root stands in a block
 * leaf under the checkpoint. The ranges come from the caller's own typed arguments. Refutes NOT_IN_LOG, HASH_MISMATCH.
 */
export function openState(crypto: Crypto, head: CityHead, hop: StateHop, ranges: readonly KeyRange[]): readonly ProvenLeaf[] {
  const { height, timeMs, stateRoot, validatorSetDigest, firstIndex, count } = hop;
  requireLeaf(crypto, head, hop.log, encodeBlockLeaf({ height, timeMs, stateRoot, validatorSetDigest, firstIndex, count }));
  const proof = parseStateProof(hop.proof);
  const checked = checkStateProof(crypto, { root: stateRoot, proof, ranges, keySizeOf });
  if ('code' in checked) throw new Refuted('HASH_MISMATCH', describeError(checked.code, checked.details));
  refuteIf(checkMinimalProof(proof, ranges), 'UNREADABLE');
  if (checked.leaves.length !== hop.values.length) {
    throw new Refuted('HASH_MISMATCH', `${checked.leaves.length} records are proven, ${hop.values.length} values are shown`);
  }
  checked.leaves.forEach((leaf, i) => {
    if (!equalBytes(crypto.sha256(hop.values[i] as Bytes), leaf.valueDigest))
      throw new Refuted('HASH_MISMATCH', `value ${i} is not the proven one`);
  });
  return checked.leaves;
}
