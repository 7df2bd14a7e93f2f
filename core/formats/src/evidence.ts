/**
 * Evidence: one small file that proves one fact with nothing but the city's policy file.
 * A fact, then its Merkle hops, ending in a cosigned checkpoint. Two forms of the same value: deterministic CBOR, and JSON in
 * exactly the rendering of `encodeEvidenceJson`. Nothing in it can be changed, dropped or added without failing.
 *
 * What can be recomputed is not carried: leaf hashes, log roots and sizes, transaction ids.
 */

import { type Bytes, parseUtf8 } from './bytes.ts';
import { parseCbor } from './cbor.ts';
import { digestBy, encodeBy, height, id, merklePath, timeMs } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { ERASURE_SALT_SIZE } from './erasure-leaf.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { assertResultForm } from './result.ts';
import { blob, bytes, type Infer, type Json, list, oneOf, optional, type Schema, struct, text, uint } from './schema.ts';

/** The version this code writes and reads. */
export const EVIDENCE_VERSION = 1;

const version = uint({ min: EVIDENCE_VERSION, max: EVIDENCE_VERSION });
/** The cosigned head that all hops lead to, as a signed note without anything to spare (`checkMinimalNote`). */
const checkpointNote = () => blob(LIMITS.noteSizeMax, 1);

/**
 * Present once refreshed: the hops lead to this older head of the log, and `consistency` (RFC 9162 §2.1.4) from there to the checkpoint.
 * So evidence made under a former policy is proven under the newest one.
 */
const priorHead = () => optional(struct({ size: uint({ min: 1 }), root: id(), consistency: merklePath() }));

/** A leaf's place in a log whose size and root come from a checkpoint. */
const logHop = struct({ index: uint(), path: merklePath() });

/** A transaction that took effect, as its leaf in the block log; the id follows from the payload, the code is OK. */
const anchorHop = struct({
  payload: blob(LIMITS.transactionSizeMax, 1),
  /** Which action of the transaction is meant. */
  action: uint({ max: LIMITS.transactionActionCountMax - 1 }),
  height: height(),
  position: uint(),
  eventsDigest: id(),
  log: logHop,
});
export type AnchorHop = Infer<typeof anchorHop>;

/** A pruned state map under the block leaf of one height. */
export const stateHop = struct({
  height: height(),
  timeMs: timeMs(),
  stateRoot: id(),
  validatorSetDigest: id(),
  firstIndex: uint(),
  count: uint(),
  log: logHop,
  /** `encodeStateProof` of core/proofs. */
  proof: blob(LIMITS.evidenceSizeMax, 1),
  /** Values of the proven records, ascending by key. */
  values: list(blob(LIMITS.stateValueSizeMax), { max: 65_536 }),
});
export type StateHop = Infer<typeof stateHop>;

const readingEvidence = struct({
  version,
  fact: oneOf('reading'),
  /** The signed reading, as the device sent it. */
  envelope: blob(LIMITS.readingSizeMax, 1),
  /** The entry SHA-256(envelope) in the shard's log at the anchored size. */
  shard: logHop,
  anchor: anchorHop,
  /** Manufacturer, model, device, device key and all suspensions of the device, in this order. */
  state: stateHop,
  checkpoint: checkpointNote(),
  prior: priorHead(),
});
export type ReadingEvidence = Infer<typeof readingEvidence>;

const transactionEvidence = struct({
  version,
  fact: oneOf('transaction'),
  payload: blob(LIMITS.transactionSizeMax, 1),
  height: height(),
  position: uint(),
  code: text(64, 2),
  /** CBOR of the events, as `encodeEvents` makes it. */
  events: blob(LIMITS.evidenceSizeMax, 1),
  log: logHop,
  checkpoint: checkpointNote(),
  prior: priorHead(),
});
export type TransactionEvidence = Infer<typeof transactionEvidence>;

const segmentSchema: Schema<Bytes | number> = {
  parse: (value, path) => (value instanceof Uint8Array ? bytes(32).parse(value, path) : uint().parse(value, path)),
  encode: (value) => value,
  toJson: (value) => (typeof value === 'number' ? value : bytes(32).toJson(value)),
  fromJson: (json, path) => (typeof json === 'string' ? bytes(32).fromJson(json, path) : uint().fromJson(json, path)),
  cddl: '(bstr .size 32 / uint)',
};

/**
 * What a state proof claims, in typed terms: the records of `kind` under these leading segments are exactly the ones shown.
 * All segments given: one record, present or (no value) absent. `from` and `to` bound the last, numeric segment.
 */
const claimSchema = struct({
  kind: text(32),
  segments: list(segmentSchema, { max: 3 }),
  from: optional(uint()),
  to: optional(uint()),
});
export type StateClaim = Infer<typeof claimSchema>;

/** SHA-256 of the claim's deterministic CBOR. */
export function claimDigest(crypto: Crypto, claim: StateClaim): Bytes {
  return digestBy(crypto, claimSchema, claim);
}

const stateEvidence = struct({
  version,
  fact: oneOf('state'),
  claim: claimSchema,
  /** `claimDigest` of the claim: an altered bit would else make another claim, which may be as true ("that key is absent, too"). */
  claimDigest: id(),
  state: stateHop,
  checkpoint: checkpointNote(),
  prior: priorHead(),
});
export type StateEvidence = Infer<typeof stateEvidence>;

const erasedEvidence = struct({
  version,
  fact: oneOf('erased'),
  /** SHA-256 of the envelope that is gone. */
  entry: id(),
  shard: logHop,
  anchor: anchorHop,
  /** The transaction that recorded the erasure; its body commits a root over `count` leaves. */
  erasure: anchorHop,
  salt: bytes(ERASURE_SALT_SIZE),
  leaf: logHop,
  checkpoint: checkpointNote(),
  prior: priorHead(),
});
export type ErasedEvidence = Infer<typeof erasedEvidence>;

export type Evidence = ReadingEvidence | TransactionEvidence | StateEvidence | ErasedEvidence;

const SCHEMAS = {
  reading: readingEvidence,
  transaction: transactionEvidence,
  state: stateEvidence,
  erased: erasedEvidence,
} as const;

/** Shapes by name, for specs/oppidum.cddl: what several facts share, larger parts first, then the four facts. */
export const evidenceShapes = () => ({
  parts: {
    'anchor-hop': anchorHop.cddl,
    'state-hop': stateHop.cddl,
    'log-hop': logHop.cddl,
    'prior-head': priorHead().cddl,
    'state-claim': claimSchema.cddl,
  },
  facts: Object.entries(SCHEMAS).map(([fact, { cddl }]) => [fact, cddl] as const),
});

function schemaOf(fact: unknown): Schema<Evidence> {
  if (typeof fact !== 'string' || !Object.hasOwn(SCHEMAS, fact))
    throw formatError('WRONG_TYPE', { at: '/fact', want: Object.keys(SCHEMAS).join(' or ') });
  return SCHEMAS[fact as keyof typeof SCHEMAS] as unknown as Schema<Evidence>;
}

function assertVersion(found: unknown): void {
  if (typeof found !== 'number' || !Number.isSafeInteger(found)) throw formatError('MISSING_FIELD', { at: '/version' });
  if (found !== EVIDENCE_VERSION) throw formatError('VERSION_UNSUPPORTED', { found, want: EVIDENCE_VERSION });
}

/** Deterministic CBOR of evidence. */
export function encodeEvidence(evidence: Evidence): Bytes {
  return encodeBy(schemaOf(evidence.fact), evidence);
}

/** Parses the CBOR form. Throws FormatError; VERSION_UNSUPPORTED for versions this code does not know. */
export function parseEvidence(data: Bytes): Evidence {
  if (data.length > LIMITS.evidenceSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.evidenceSizeMax });
  const value = parseCbor(data);
  if (!(value instanceof Map)) throw formatError('WRONG_TYPE', { want: 'a map' });
  assertVersion(value.get('version'));
  const evidence = schemaOf(value.get('fact')).parse(value, '');
  if (evidence.fact === 'transaction') assertResultForm(evidence.code);
  return evidence;
}

/** The JSON form: two-space indent, fields in schema order, ids as hex, longer bytes as base64, one newline at the end. */
export function encodeEvidenceJson(evidence: Evidence): string {
  return `${JSON.stringify(schemaOf(evidence.fact).toJson(evidence), null, 2)}\n`;
}

/** Parses the JSON form; any other rendering of the same value is NOT_CANONICAL. Throws FormatError. */
export function parseEvidenceJson(source: string): Evidence {
  if (source.length > 2 * LIMITS.evidenceSizeMax) throw formatError('TOO_LARGE', { sizeMax: 2 * LIMITS.evidenceSizeMax });
  const json = parseJson(source);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw formatError('WRONG_TYPE', { want: 'an object' });
  const object = json as { readonly [name: string]: Json };
  assertVersion(object['version']);
  const evidence = schemaOf(object['fact']).fromJson(object, '');
  if (encodeEvidenceJson(evidence) !== source)
    throw formatError('NOT_CANONICAL', { want: 'the rendering of `oppidum evidence`' });
  return parseEvidence(encodeEvidence(evidence));
}

/** Either form, told apart by the first byte: `{` is JSON, anything else CBOR. Throws FormatError. */
export function parseEvidenceFile(data: Bytes): Evidence {
  return data[0] === 0x7b ? parseEvidenceJson(parseUtf8(data)) : parseEvidence(data);
}

function parseJson(source: string): Json {
  try {
    return JSON.parse(source) as Json;
  } catch {
    throw formatError('TEXT_INVALID', { want: 'JSON' });
  }
}

/** The city's policy as evidence of its newest record claims it; for successor policies. */
export const POLICY_CLAIM: StateClaim = { kind: 'policyEffective', segments: [] };
