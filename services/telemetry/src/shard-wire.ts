/** What a shard and the doors of the city tell each other across processes, as CBOR: one shape each way, strictly read. */

import { LEGAL_BASES } from '@oppidum/formats/action-bodies';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { height, id, timeMs } from '@oppidum/formats/common-schemas';
import { formatError, type Rejection } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { blob, bool, type Infer, list, oneOf, optional, struct, text, uint } from '@oppidum/formats/schema';
import { encodeActions, parseActions } from '@oppidum/formats/transaction';
import { encodeDetails, FRAME_SIZE_MAX, parseCode, parseDetails } from '@oppidum/node/channel';
import type { PublishedCheckpoint } from '@oppidum/node/publisher';
import type { IngestAnswer, KeptReading, ShardStatus } from './client.ts';
import type { CloneFinding } from './clones.ts';

/** Readings of one answer, at most; and bytes of their envelopes, beyond the first. */
export const READINGS_OF_ONE_FRAME = 4_096;
export const READINGS_SIZE_OF_ONE_FRAME = 4 * 2 ** 20;
/** Envelopes that travel together. */
export const ENVELOPES_OF_ONE_FRAME = 512;

export const envelopesSchema = list(blob(FRAME_SIZE_MAX), { max: ENVELOPES_OF_ONE_FRAME });

const answerSchema = struct({
  kind: oneOf('kept', 'refused', 'passing'),
  receipt: optional(blob(LIMITS.readingSizeMax, 1)),
  device: optional(id()),
  digest: optional(id()),
  index: optional(uint()),
  code: optional(text(64)),
  details: optional(blob(LIMITS.readingSizeMax, 1)),
});

function packRejection({ code, details }: Rejection): { readonly code: string; readonly details: Uint8Array } {
  return { code, details: encodeCbor(encodeDetails(details)) };
}

function openRejection(code: string | undefined, details: Uint8Array | undefined): Rejection {
  if (code === undefined || details === undefined) throw formatError('MISSING_FIELD', { at: '/code' });
  return { code: parseCode(code), details: parseDetails(parseCbor(details)) };
}

/** What became of one envelope. */
export function encodeAnswer(answer: IngestAnswer): CborValue {
  if (answer.kind === 'passing') return answerSchema.encode({ kind: answer.kind, ...packRejection(answer.rejection) });
  const { kind, receipt, device, digest } = answer;
  const rest = answer.kind === 'kept' ? { index: answer.index } : packRejection(answer.rejection);
  return answerSchema.encode({ kind, receipt, device, digest, ...rest });
}

/** Throws FormatError. */
export function parseAnswer(value: CborValue): IngestAnswer {
  const { kind, receipt, device, digest, index, code, details } = answerSchema.parse(value, '');
  if (kind === 'passing') return { kind, rejection: openRejection(code, details) };
  if (receipt === undefined || device === undefined || digest === undefined)
    throw formatError('MISSING_FIELD', { at: '/receipt' });
  if (kind === 'refused') return { kind, receipt, device, digest, rejection: openRejection(code, details) };
  if (index === undefined) throw formatError('MISSING_FIELD', { at: '/index' });
  return { kind, receipt, device, digest, index };
}

const readingSchema = struct({
  index: uint(),
  digest: id(),
  envelope: optional(blob(LIMITS.readingSizeMax, 1)),
  receivedMs: timeMs(),
  isPersonal: bool(),
});

/** A kept entry, or null. */
export function encodeReading(reading: KeptReading | null): CborValue {
  if (reading === null) return null;
  const { envelope, ...rest } = reading;
  return readingSchema.encode(envelope === null ? rest : { ...rest, envelope });
}

/** What `encodeReading` wrote. Throws FormatError. */
export function parseReadingAnswer(value: CborValue): KeptReading | null {
  if (value === null) return null;
  const { envelope = null, ...rest } = readingSchema.parse(value, '');
  return { ...rest, envelope };
}

/** Kept entries in their order. */
export function encodeReadings(readings: readonly KeptReading[]): CborValue {
  return readings.map(encodeReading);
}

/** What `encodeReadings` wrote. Throws FormatError. */
export function parseReadings(value: CborValue): readonly KeptReading[] {
  return itemsOf(value).map((item) => {
    const reading = parseReadingAnswer(item);
    if (reading === null) throw formatError('WRONG_TYPE', { want: 'a reading' });
    return reading;
  });
}

/** Receipts of one answer. */
export const RECEIPT_COUNT_MAX = 1_000;
export const receiptsSchema = list(blob(LIMITS.readingSizeMax, 1), { max: RECEIPT_COUNT_MAX });
export const receiptRangeSchema = struct({
  device: id(),
  keyNumber: uint({ max: 0xffffffff }),
  sequence: uint(),
  limit: uint({ min: 1, max: RECEIPT_COUNT_MAX }),
});

/** A receipt, or null. Throws FormatError. */
export function parseReceiptAnswer(value: CborValue): Uint8Array | null {
  return value === null ? null : blob(LIMITS.readingSizeMax, 1).parse(value, '');
}

const anchoredSchema = struct({ size: uint(), height: height(), timeMs: timeMs() });
const checkpointSchema = struct({ size: uint(), root: id(), note: blob(LIMITS.noteSizeMax, 1) });
const statusSchema = struct({
  id: id(),
  number: uint({ max: 9_999 }),
  origin: text(220),
  size: uint(),
  anchored: optional(anchoredSchema),
  accepts: bool(),
  checkpoint: optional(checkpointSchema),
});

/** Where a shard stands, with its newest checkpoint: told again with every beat. */
export type FarStatus = { readonly status: ShardStatus; readonly checkpoint: PublishedCheckpoint | null };

/** Where a shard stands. */
export function encodeStatus({ status, checkpoint }: FarStatus): CborValue {
  const { anchored, ...rest } = status;
  const known: Infer<typeof statusSchema> = {
    ...rest,
    ...(anchored === null ? {} : { anchored }),
    ...(checkpoint === null ? {} : { checkpoint: { size: checkpoint.size, root: checkpoint.root, note: checkpoint.note } }),
  };
  return statusSchema.encode(known);
}

/** What `encodeStatus` wrote. Throws FormatError. */
export function parseStatus(value: CborValue): FarStatus {
  const { anchored = null, checkpoint = null, ...rest } = statusSchema.parse(value, '');
  return { status: { ...rest, anchored }, checkpoint };
}

export const eraseSchema = struct({ device: id(), legalBasis: oneOf(...LEGAL_BASES) });
export const erasedSchema = struct({ id: id(), count: uint() });
/** An envelope that the city no longer has, to be proven. */
export const heldSchema = struct({ digest: id(), envelope: blob(FRAME_SIZE_MAX) });
export const pageSchema = struct({ from: uint(), limit: uint({ min: 1 }) });
/** The city, so that nobody's doors are taken for ours. */
export const watchSchema = struct({ genesis: id() });

const cloneSchema = struct({
  device: id(),
  keyNumber: uint({ max: 0xffffffff }),
  sequence: uint(),
  report: optional(blob(LIMITS.transactionSizeMax, 1)),
});

/** Device keys in two places, with the action that reports each. */
export function encodeClones(clones: readonly CloneFinding[]): CborValue {
  return clones.map(({ device, keyNumber, sequence, report }) => {
    const place = { device, keyNumber, sequence };
    return cloneSchema.encode(report === null ? place : { ...place, report: encodeActions([report]) });
  });
}

/** What `encodeClones` wrote. Throws FormatError. */
export function parseClones(value: CborValue): readonly CloneFinding[] {
  return itemsOf(value).map((item) => {
    const { report, ...place } = cloneSchema.parse(item, '');
    return { ...place, report: report === undefined ? null : (parseActions(report)[0] ?? null) };
  });
}

/** Throws WRONG_TYPE. */
export function itemsOf(value: CborValue): readonly CborValue[] {
  if (Array.isArray(value)) return value;
  throw formatError('WRONG_TYPE', { want: 'a list' });
}
