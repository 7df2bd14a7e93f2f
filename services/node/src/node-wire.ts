/** What a node and the processes beside it tell each other, as CBOR: one shape each way, strictly read (see `node-door.ts`). */

import type { Bytes } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { height, id, merklePath, timeMs } from '@oppidum/formats/common-schemas';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { encodeEvents, parseEvents, parseResultCode } from '@oppidum/formats/result';
import { blob, type Infer, list, optional, struct, text, uint } from '@oppidum/formats/schema';
import type { AdmissionRefusal } from '@oppidum/ledger/admission';
import type { StateChange } from '@oppidum/ledger/city';
import { encodeDetails, FRAME_SIZE_MAX, parseCode, parseDetails } from './channel.ts';
import type { CommittedBlock, CommittedTransaction, LeafProof, SubmitAnswer } from './client.ts';
import type { PublishedCheckpoint } from './publisher.ts';

/** Where a node's socket stands in the data folder while it runs. */
export const NODE_SOCKET = 'node.sock';
/** Of one scan or block, records that travel together. */
export const RECORDS_OF_ONE_FRAME = 1_000;

const transactionSchema = struct({
  id: id(),
  envelope: blob(LIMITS.transactionSizeMax, 1),
  height: height(),
  position: uint(),
  index: uint(),
  code: text(64, 2),
  details: blob(LIMITS.transactionSizeMax, 1),
  events: blob(FRAME_SIZE_MAX, 1),
});

function packTransaction(transaction: CommittedTransaction): Infer<typeof transactionSchema> {
  const { details, events } = transaction;
  return { ...transaction, details: encodeCbor(encodeDetails(details)), events: encodeEvents(events) };
}

function openTransaction({ code, details, events, ...rest }: Infer<typeof transactionSchema>): CommittedTransaction {
  return { ...rest, code: parseResultCode(code), details: parseDetails(parseCbor(details)), events: parseEvents(events) };
}

/** An executed transaction, or null. */
export function encodeTransaction(transaction: CommittedTransaction | null): CborValue {
  return transaction === null ? null : transactionSchema.encode(packTransaction(transaction));
}

/** What `encodeTransaction` wrote. Throws FormatError. */
export function parseTransactionAnswer(value: CborValue): CommittedTransaction | null {
  return value === null ? null : openTransaction(transactionSchema.parse(value, ''));
}

const blockSchema = struct({
  height: height(),
  timeMs: timeMs(),
  firstIndex: uint(),
  logSize: uint(),
  stateRoot: optional(id()),
  appHash: id(),
  transactions: list(transactionSchema, { max: LIMITS.cborItemCountMax }),
});

/** Without its changes: whoever wants them follows the blocks. */
export function encodeBlock(block: CommittedBlock | null): CborValue {
  if (block === null) return null;
  const { changes: _, stateRoot, transactions, ...rest } = block;
  const root = stateRoot === null ? {} : { stateRoot };
  return blockSchema.encode({ ...rest, ...root, transactions: transactions.map(packTransaction) });
}

/** What `encodeBlock` wrote. Throws FormatError. */
export function parseBlockAnswer(value: CborValue): CommittedBlock | null {
  if (value === null) return null;
  const { stateRoot = null, transactions, ...rest } = blockSchema.parse(value, '');
  return { ...rest, stateRoot, transactions: transactions.map(openTransaction), changes: [] };
}

const admissionRefusal = struct({ id: optional(id()), code: text(64, 2), details: blob(LIMITS.transactionSizeMax, 1) });
const submitSchema = struct({ executed: optional(transactionSchema), refused: optional(admissionRefusal) });

/** What became of a submitted envelope. */
export function encodeSubmitAnswer(answer: SubmitAnswer): CborValue {
  if ('executed' in answer) return submitSchema.encode({ executed: packTransaction(answer.executed) });
  const { id: refusedId, code, details } = answer.refused;
  const refused = { ...(refusedId === null ? {} : { id: refusedId }), code, details: encodeCbor(encodeDetails(details)) };
  return submitSchema.encode({ refused });
}

/** Throws FormatError; WRONG_TYPE unless it is one of the two. */
export function parseSubmitAnswer(value: CborValue): SubmitAnswer {
  const { executed, refused } = submitSchema.parse(value, '');
  if (executed !== undefined && refused === undefined) return { executed: openTransaction(executed) };
  if (refused === undefined || executed !== undefined) throw formatError('WRONG_TYPE', { want: 'executed or refused' });
  const { id: refusedId = null, code, details } = refused;
  const refusal: AdmissionRefusal = { id: refusedId, code: parseCode(code), details: parseDetails(parseCbor(details)) };
  return { refused: refusal };
}

const checkpointSchema = struct({ size: uint(), root: id(), note: blob(LIMITS.noteSizeMax, 1) });

/** A published checkpoint. */
export function encodeCheckpoint({ size, root, note }: PublishedCheckpoint): CborValue {
  return checkpointSchema.encode({ size, root, note });
}

/** What `encodeCheckpoint` wrote. Throws FormatError. */
export function parseCheckpointAnswer(value: CborValue): PublishedCheckpoint {
  return checkpointSchema.parse(value, '');
}

const leafProofSchema = struct({ index: uint(), path: merklePath() });

/** A place of a leaf with its path. */
export function encodeLeafProof({ index, path }: LeafProof): CborValue {
  return leafProofSchema.encode({ index, path: [...path] });
}

/** What `encodeLeafProof` wrote. Throws FormatError. */
export function parseLeafProof(value: CborValue): LeafProof {
  return leafProofSchema.parse(value, '');
}

const rangeSchema = struct({ lo: blob(LIMITS.stateKeySizeMax, 2), hi: blob(LIMITS.stateKeySizeMax, 2) });
export const rangesSchema = list(rangeSchema, { min: 1, max: 64 });

/** The head of the ledger, as a follower needs it. */
export const headSchema = struct({ height: height(), timeMs: timeMs() });
export type FollowedHead = Infer<typeof headSchema>;

/** What is mirrored: the city, so that nobody follows another one, and the names of kinds. */
export const followSchema = struct({ genesis: id(), kinds: list(text(64), { min: 1, max: 64 }) });

/** Changed records: [[key, value or null] …]. */
export function encodeChanges(changes: readonly StateChange[]): CborValue {
  return changes.map(({ key, value }) => [key, value]);
}

/** Throws WRONG_TYPE. */
export function parseChanges(value: CborValue): readonly StateChange[] {
  if (!Array.isArray(value)) throw formatError('WRONG_TYPE', { want: 'a list of changes' });
  return value.map((change) => {
    const [key, record] = Array.isArray(change) && change.length === 2 ? change : [];
    if (!(key instanceof Uint8Array) || !(record === null || record instanceof Uint8Array))
      throw formatError('WRONG_TYPE', { want: '[key, value or null]' });
    return { key: key as Bytes, value: record as Bytes | null };
  });
}
