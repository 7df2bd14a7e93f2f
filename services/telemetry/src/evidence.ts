/** Evidence of a reading, or of its erasure, under the newest checkpoint of the city. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import {
  type AnchorHop,
  type ErasedEvidence,
  EVIDENCE_VERSION,
  type Evidence,
  type ReadingEvidence,
} from '@oppidum/formats/evidence';
import { parseReading } from '@oppidum/formats/reading';
import type { NodeLink } from '@oppidum/node/client';
import { anchorHop, minimalNote } from '@oppidum/node/evidence';
import type { PublishedCheckpoint } from '@oppidum/node/publisher';
import type { TileLog } from '@oppidum/node/tile-log';
import { entitlementRanges } from './device-records.ts';
import type { Erasures } from './erasures.ts';
import { openEnvelope } from './kept-readings.ts';
import type { SubjectKeys } from './subject-keys.ts';
import type { AnchorRecord, Vault, VaultEntry } from './vault.ts';

export type EvidenceSources = {
  readonly client: NodeLink;
  readonly crypto: Crypto;
  readonly vault: Vault;
  readonly keys: SubjectKeys;
  readonly log: Pick<TileLog, 'proveInclusion'>;
  readonly erasures: Erasures;
};

/** What the two kinds have in common. */
type AnchoredEntry = {
  readonly shard: { readonly index: number; readonly path: Bytes[] };
  readonly anchor: AnchorHop;
  readonly checkpoint: PublishedCheckpoint;
};

/**
 * Evidence of the entry with this digest; `held` is its envelope from whoever kept it longer than the city.
 * Throws READING_UNKNOWN, NOT_ANCHORED, STATE_PRUNED, ENVELOPE_RETIRED (nobody gave it), ENVELOPE_FOREIGN (not its envelope).
 */
export async function makeEvidence(sources: EvidenceSources, digest: Bytes, held: Bytes | null = null): Promise<Evidence> {
  const { vault, keys } = sources;
  const index = vault.indexOf(digest);
  const entry = index === null ? null : vault.entry(index);
  if (entry === null) throw formatError('READING_UNKNOWN', { id: toHex(digest) });
  const anchor = vault.anchorCovering(entry.index);
  if (anchor === null) throw formatError('NOT_ANCHORED', { id: toHex(digest) });
  const envelope = entry.form === 'retired' ? envelopeOf(sources, entry, held) : openEnvelope(keys, entry);
  return envelope === null ? proveErased(sources, entry, anchor) : proveReading(sources, entry, anchor, envelope);
}

/** Null for what was erased before it was past its retention. */
function envelopeOf({ crypto, erasures }: EvidenceSources, { index, digest }: VaultEntry, held: Bytes | null): Bytes | null {
  if (erasures.prove(index) !== null) return null;
  if (held === null) throw formatError('ENVELOPE_RETIRED', { id: toHex(digest), index });
  if (!equalBytes(crypto.sha256(held), digest)) throw formatError('ENVELOPE_FOREIGN', { id: toHex(digest) });
  return held;
}

async function proveReading(
  sources: EvidenceSources,
  entry: VaultEntry,
  anchor: AnchorRecord,
  envelope: Bytes,
): Promise<ReadingEvidence> {
  const { client, crypto } = sources;
  const { device, keyNumber } = parseReading(crypto, envelope);
  const anchored = await proveAnchored(sources, entry.index, anchor, anchor.height);
  const state = await client.proveState(entitlementRanges(client, device, keyNumber), anchored.checkpoint.size);
  const checkpoint = await noteOf(client, crypto, anchored.checkpoint);
  return { version: EVIDENCE_VERSION, fact: 'reading', envelope, ...anchored, state, checkpoint };
}

async function proveErased(sources: EvidenceSources, entry: VaultEntry, anchor: AnchorRecord): Promise<ErasedEvidence> {
  const { client, crypto, erasures } = sources;
  const proof = erasures.prove(entry.index);
  const recorded = proof === null || proof.transaction === null ? null : await client.transaction(proof.transaction);
  if (proof === null || recorded === null) throw formatError('NOT_ANCHORED', { id: toHex(entry.digest), want: 'its erasure' });
  const anchored = await proveAnchored(sources, entry.index, anchor, Math.max(anchor.height, recorded.height));
  const erasure = await anchorHop(client, crypto, { id: recorded.id, action: 0, checkpoint: anchored.checkpoint });
  const checkpoint = await noteOf(client, crypto, anchored.checkpoint);
  const { salt, leaf } = proof;
  return { version: EVIDENCE_VERSION, fact: 'erased', entry: entry.digest, ...anchored, erasure, salt, leaf, checkpoint };
}

/** The entry in the shard's anchored tree, and the anchor under a checkpoint that covers the whole block at `height`. */
async function proveAnchored(
  { client, crypto, log }: EvidenceSources,
  index: number,
  anchor: AnchorRecord,
  height: number,
): Promise<AnchoredEntry> {
  const block = await client.block(height);
  if (block === null) throw formatError('STATE_PRUNED', { height });
  const checkpoint = await client.checkpointOf(block.logSize);
  return {
    shard: { index, path: log.proveInclusion(index, anchor.size) },
    anchor: await anchorHop(client, crypto, { id: anchor.transaction, action: anchor.action, checkpoint }),
    checkpoint,
  };
}

async function noteOf(client: NodeLink, crypto: Crypto, checkpoint: PublishedCheckpoint): Promise<Bytes> {
  const file = await client.policyFileOf(checkpoint.size);
  return minimalNote({ policyFileOf: () => file }, crypto, checkpoint);
}
