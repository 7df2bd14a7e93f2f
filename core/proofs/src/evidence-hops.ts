/** The hops of evidence through logs, each as a standard proof file (C2SP tlog-proof) beside its entry. */

import { ANCHOR_ACTION, anchorBody } from '@oppidum/formats/action-bodies';
import { encodeBlockLeaf, encodeTransactionLeaf } from '@oppidum/formats/block-log';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { AnchorHop, Evidence, StateHop } from '@oppidum/formats/evidence';
import { parseReading } from '@oppidum/formats/reading';
import { encodeTlogProof } from '@oppidum/formats/tlog-proof';
import { parsePayload, transactionId } from '@oppidum/formats/transaction';

/** `proof` is the text of a `.tlog-proof`, `entry` exactly the bytes of the log's entry. `name` says which hop it is. */
export type EvidenceHop = { readonly name: string; readonly proof: Bytes; readonly entry: Bytes };

type LogHop = { readonly index: number; readonly path: readonly Bytes[] };

/**
 * From the fact to the city's checkpoint: the shard's entry (under the shard's checkpoint, which the anchor carries), the anchor's leaf, the
 * block leaf above the records; of a transaction its leaf. Judges nothing. Of refreshed evidence the hops into the city's log are left
 * out: the older head they lead to has no note. Throws FormatError when the anchor's transaction cannot be read.
 */
export function evidenceHops(crypto: Crypto, evidence: Evidence): readonly EvidenceHop[] {
  const shard = 'shard' in evidence ? [shardHop(crypto, evidence)] : [];
  return evidence.prior === undefined ? [...shard, ...cityHops(crypto, evidence)] : shard;
}

function cityHops(crypto: Crypto, evidence: Evidence): readonly EvidenceHop[] {
  const under = (name: string, entry: Bytes, { index, path }: LogHop): EvidenceHop => ({
    name,
    proof: encodeTlogProof({ extra: null, index, proof: path, note: evidence.checkpoint }),
    entry,
  });
  const transaction = (name: string, hop: AnchorHop) => under(name, transactionLeaf(crypto, hop, 'OK'), hop.log);
  const records = (hop: StateHop) => under('records', encodeBlockLeaf(hop), hop.log);
  switch (evidence.fact) {
    case 'reading':
      return [transaction('anchor', evidence.anchor), records(evidence.state)];
    case 'erased':
      return [transaction('anchor', evidence.anchor), transaction('erasure', evidence.erasure)];
    case 'state':
      return [records(evidence.state)];
    case 'transaction': {
      const leaf = { ...evidence, eventsDigest: crypto.sha256(evidence.events) };
      return [under('transaction', transactionLeaf(crypto, leaf, evidence.code), evidence.log)];
    }
  }
}

type LeafFacts = Pick<AnchorHop, 'payload' | 'height' | 'position' | 'eventsDigest'>;

function transactionLeaf(crypto: Crypto, { payload, height, position, eventsDigest }: LeafFacts, code: string): Bytes {
  return encodeTransactionLeaf({
    height,
    position,
    id: transactionId(crypto, payload),
    code,
    eventsDigest,
  });
}

function shardHop(crypto: Crypto, evidence: Extract<Evidence, { shard: unknown }>): EvidenceHop {
  const { payload, action } = evidence.anchor;
  const anchor = parsePayload(payload).actions[action];
  if (anchor === undefined || anchor.kind !== ANCHOR_ACTION)
    throw formatError('WRONG_TYPE', { at: '/anchor/action', want: ANCHOR_ACTION });
  const { checkpoint: note } = anchorBody.parse(anchor.body, '');
  const { index, path } = evidence.shard;
  const entry = evidence.fact === 'reading' ? parseReading(crypto, evidence.envelope).digest : evidence.entry;
  return { name: 'shard', proof: encodeTlogProof({ extra: null, index, proof: path, note }), entry };
}
