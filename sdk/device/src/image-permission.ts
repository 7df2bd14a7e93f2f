/**
 * What a device has to know before it takes an image, without asking anybody: that the maker of its model permitted exactly these bytes, on
 * the ledger, as a file of evidence proves under the policy pinned on the device; that nobody withdrew them by then; and that neither the
 * proof nor the image is older than what the device knew before. specs/trust.md §4.2.
 */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { parseEvidence } from '@oppidum/formats/evidence';
import { firmwareKind } from '@oppidum/formats/state-trust';
import type { ProvenRecords } from './proven-records.ts';

/** What the device keeps of the image it runs: the block that permitted it, and the block up to which the ledger was proven. */
export type KnownPermission = { readonly from: number; readonly height: number };
export type ImagePermission = KnownPermission & { readonly name: string; readonly version: string };

/** What is asked of an image. */
export type ImageQuestion = {
  readonly model: Bytes;
  /** The whole image; its SHA-256 is what was permitted. */
  readonly image: Bytes;
  /** Evidence of the record `firmware` under model and digest: `oppidum evidence state firmware MODEL DIGEST`, carried in any way. */
  readonly evidence: Bytes;
  /** Of the image that runs; null at the first one. */
  readonly known: KnownPermission | null;
};

/**
 * Judges an image. Throws EVIDENCE_REFUSED (no proof, or of something else), FIRMWARE_UNKNOWN (proven that nobody permitted it),
 * FIRMWARE_WITHDRAWN, FIRMWARE_PROOF_OLD (a newer state of the ledger was proven before), FIRMWARE_OLDER (permitted before what runs).
 */
export function openPermission(
  crypto: Crypto,
  records: Pick<ProvenRecords, 'open'>,
  { model, image, evidence, known }: ImageQuestion,
): ImagePermission {
  const digest = crypto.sha256(image);
  const record = records.open(firmwareKind, [model, digest], evidence);
  const facts = { model: toHex(model), digest: toHex(digest) };
  if (record === null) throw formatError('FIRMWARE_UNKNOWN', facts);
  if (record.to !== undefined) throw formatError('FIRMWARE_WITHDRAWN', { ...facts, withdrawnAt: record.to });
  const opened = parseEvidence(evidence);
  if (opened.fact !== 'state') throw new Error('evidence of a record is about the state');
  const { height } = opened.state;
  const { name, version, from } = record;
  if (known !== null && height < known.height) throw formatError('FIRMWARE_PROOF_OLD', { height, known: known.height });
  if (known !== null && from < known.from) throw formatError('FIRMWARE_OLDER', { from, running: known.from });
  return { name, version, from, height };
}
