/**
 * Whether a change of a zone may be signed, judged offline (specs/orders.md §11): what is in force is proven by the evidence in the draft under
 * the policy that the engineer trusts, and the change must follow from it. Whoever prepared the draft is believed in nothing.
 */

import { equalBytes, toHex } from '@oppidum/formats/bytes';
import { checkPlans } from '@oppidum/formats/check-plans';
import { originOf } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Envelope, parseEnvelope } from '@oppidum/formats/envelope';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { parseEvidence } from '@oppidum/formats/evidence';
import { genesisHashOf } from '@oppidum/formats/ids';
import { LIGHTING_CABINETS, parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { LIGHTING_PROGRAMME, parseLightingProgramme } from '@oppidum/formats/lighting-programme';
import { checkMatrix, parseSignalMatrix } from '@oppidum/formats/signal-matrix';
import { parseSignalPlans } from '@oppidum/formats/signal-plan';
import { parseState, type Segment, type StateKind } from '@oppidum/formats/state-layout';
import { zoneDocumentKind, zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import { checkStatement, type SignedStatement } from '@oppidum/formats/statement';
import { openChange, type ZoneChange, type ZoneDraft } from '@oppidum/formats/zone-draft';
import { type KeySet, parseKeySet, parseZoneDocument, type ZoneDocument } from '@oppidum/formats/zone-statements';
import type { Trust } from './verify-checkpoint.ts';
import { verifyEvidence } from './verify-evidence.ts';

/** What is in force in a zone, as the evidence proves it. */
export type ZoneInForce = {
  readonly name: string;
  readonly domain: string;
  readonly keySet: KeySet;
  readonly envelope: Envelope;
  readonly envelopeStatement: Uint8Array;
  readonly documents: readonly ZoneDocument[];
};

/** A draft that may be signed. */
export type JudgedDraft = { readonly change: ZoneChange; readonly zone: ZoneInForce };

type Proven = { readonly kind: string; readonly segments: readonly Segment[]; readonly values: readonly Uint8Array[] };

/**
 * Judges a draft. Refuses, in this order: WRONG_CITY; DRAFT_UNPROVEN, ZONE_UNKNOWN; VERSION_NOT_NEXT, ENVELOPE_PREVIOUS; of a document what
 * its domain refuses and can be told without the ledger; of each signature there is KEY_UNKNOWN, SIGNATURE_INVALID.
 */
export function judgeZoneDraft(crypto: Crypto, draft: ZoneDraft, trust: Trust): JudgedDraft | Rejection {
  const change = openChange(draft);
  const city = genesisHashOf(originOf(trust.policy));
  if (!equalBytes(change.city, city)) return reject('WRONG_CITY', { want: originOf(trust.policy), got: toHex(change.city) });
  const zone = readInForce(
    draft.records.flatMap((file) => proven(crypto, file, trust)),
    change.zone,
  );
  if ('code' in zone) return zone;
  return (
    checkFollows(crypto, change, zone) ?? checkBody(crypto, change, zone) ?? checkSigned(crypto, draft, zone) ?? { change, zone }
  );
}

/** Refuses a signature that does not verify; too few are no refusal here. As `judgeZoneDraft` does at its end. */
export function checkSigned(
  crypto: Crypto,
  draft: Pick<ZoneDraft, 'use' | 'statement' | 'signatures' | 'envelopeSignatures'>,
  zone: Pick<ZoneInForce, 'keySet' | 'envelopeStatement'>,
): Rejection | null {
  const { use, statement, signatures, envelopeSignatures } = draft;
  const refused = checkStatement(crypto, use, { statement, signatures }, { keys: zone.keySet.keys, count: 0 });
  if (refused !== null || use !== 'keys') return refused;
  const over: SignedStatement = { statement: zone.envelopeStatement, signatures: envelopeSignatures };
  return checkStatement(crypto, 'envelope', over, { keys: parseKeySet(statement).keys, count: 0 });
}

/** What one file proves, or nothing. */
function proven(crypto: Crypto, file: Uint8Array, trust: Trust): readonly Proven[] {
  if (verifyEvidence(crypto, file, trust).verdict !== 'OK') return [];
  const evidence = parseEvidence(file);
  if (evidence.fact !== 'state') return [];
  const { kind, segments, from, to } = evidence.claim;
  return from === undefined && to === undefined ? [{ kind, segments, values: evidence.state.values }] : [];
}

function readInForce(files: readonly Proven[], id: Uint8Array): ZoneInForce | Rejection {
  const records = valuesOf(files, zoneKind, [id]);
  if (records === null) return reject('DRAFT_UNPROVEN', { kind: zoneKind.name });
  const [record] = records;
  if (record === undefined) return reject('ZONE_UNKNOWN', { zone: toHex(id) });
  const [keys] = valuesOf(files, zoneKeysKind, [id, record.keys]) ?? [];
  if (keys === undefined) return reject('DRAFT_UNPROVEN', { kind: zoneKeysKind.name });
  const [envelope] = valuesOf(files, zoneEnvelopeKind, [id, record.envelope]) ?? [];
  if (envelope === undefined) return reject('DRAFT_UNPROVEN', { kind: zoneEnvelopeKind.name });
  const documents = valuesOf(files, zoneDocumentKind, [id]);
  if (documents === null) return reject('DRAFT_UNPROVEN', { kind: zoneDocumentKind.name });
  return {
    ...{ name: record.name, domain: record.domain, keySet: parseKeySet(keys.statement) },
    ...{ envelope: parseEnvelope(envelope.statement), envelopeStatement: envelope.statement },
    documents: documents.map(({ statement }) => parseZoneDocument(statement)),
  };
}

/** The records under exactly these segments, or null where no file is about them. */
function valuesOf<V>(files: readonly Proven[], kind: StateKind<V>, segments: readonly Segment[]): readonly V[] | null {
  const found = files.find(
    (file) =>
      file.kind === kind.name &&
      file.segments.length === segments.length &&
      segments.every((segment, i) => isSame(segment, file.segments[i] as Segment)),
  );
  return found === undefined ? null : found.values.map((value) => parseState(kind, value));
}

function isSame(a: Segment, b: Segment): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : a === b;
}

function checkFollows(
  crypto: Crypto,
  change: ZoneChange,
  { keySet, envelope, envelopeStatement, documents }: ZoneInForce,
): Rejection | null {
  const known = change.use === 'document' ? documents.find(({ name }) => name === change.name)?.version : undefined;
  const before = { keys: keySet.version, envelope: envelope.version, document: known ?? 0 }[change.use];
  if (change.version !== before + 1) return reject('VERSION_NOT_NEXT', { want: before + 1, got: change.version });
  if (change.use !== 'envelope' || equalBytes(change.previous, crypto.sha256(envelopeStatement))) return null;
  return reject('ENVELOPE_PREVIOUS', {});
}

function checkBody(crypto: Crypto, change: ZoneChange, { domain, documents }: ZoneInForce): Rejection | null {
  if (change.use !== 'document') return null;
  const { name, body } = change;
  try {
    if (domain === 'lighting' && name === LIGHTING_PROGRAMME) {
      const programme = parseLightingProgramme(body);
      return 'code' in programme ? programme : null;
    }
    if (domain === 'lighting' && name === LIGHTING_CABINETS) {
      const cabinets = parseLightingCabinets(body);
      return 'code' in cabinets ? cabinets : null;
    }
    if (domain !== 'signals') return null;
    if (name === 'matrix') return checkMatrix(parseSignalMatrix(body));
    if (name !== 'plans') return reject('DOCUMENT_UNKNOWN', { domain, name });
    const matrix = documents.find((document) => document.name === 'matrix')?.body;
    if (matrix === undefined)
      return reject('PLANS_MATRIX_OTHER', { where: 'matrix', what: 'none', why: 'no matrix was signed yet' });
    return checkPlans(parseSignalMatrix(matrix), crypto.sha256(matrix), parseSignalPlans(body));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}
