/**
 * A change of a zone that several engineers sign apart (specs/orders.md §11): the exact statement, the signatures so far, and evidence of what
 * is in force, so that each of them sees on a machine of his own, which asks nobody, what would change. Nothing in it is believed.
 */

import { type Bytes, equalBytes } from './bytes.ts';
import { type CborValue, parseCbor } from './cbor.ts';
import { encodeBy } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { type Envelope, parseEnvelope } from './envelope.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { blob, type Infer, list, oneOf, struct, uint } from './schema.ts';
import { type StatementSignature, statementSignatures } from './statement.ts';
import { type KeySet, parseKeySet, parseZoneDocument, type ZoneDocument } from './zone-statements.ts';

const FORMAT = 'oppidum-zone-draft';
const DRAFT_VERSION = 1;

export const zoneDraftSchema = struct({
  format: oneOf(FORMAT),
  version: uint({ min: DRAFT_VERSION, max: DRAFT_VERSION }),
  use: oneOf('keys', 'envelope', 'document'),
  statement: blob(LIMITS.zoneDocumentStatementSizeMax, 1),
  /** Over the statement, by keys of the set in force. */
  signatures: statementSignatures(0),
  /** Of a key set alone: over the envelope in force, by keys of the next set. */
  envelopeSignatures: statementSignatures(0),
  /** Evidence of the zone, its key set, its envelope and its documents, all of them. */
  records: list(blob(LIMITS.zoneDraftSizeMax, 1), { max: LIMITS.zoneDraftRecordCountMax }),
});
export type ZoneDraft = Omit<Infer<typeof zoneDraftSchema>, 'format' | 'version'>;

/** The statement of a draft, read. */
export type ZoneChange =
  | ({ readonly use: 'keys' } & KeySet)
  | ({ readonly use: 'envelope' } & Envelope)
  | ({ readonly use: 'document' } & ZoneDocument);

/** Deterministic CBOR. Throws TOO_LARGE. */
export function encodeZoneDraft(draft: ZoneDraft): Bytes {
  const bytes = encodeBy(zoneDraftSchema, { format: FORMAT, version: DRAFT_VERSION, ...draft });
  if (bytes.length > LIMITS.zoneDraftSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.zoneDraftSizeMax });
  return bytes;
}

/** Parses a draft strictly, its statement too. Throws TOO_LARGE, VERSION_UNSUPPORTED, what CBOR and schemas throw, and as `openChange`. */
export function parseZoneDraft(data: Bytes): ZoneDraft {
  if (data.length > LIMITS.zoneDraftSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.zoneDraftSizeMax });
  const value = parseCbor(data);
  requireVersion(value);
  const { format: _format, version: _version, ...draft } = zoneDraftSchema.parse(value, '');
  openChange(draft);
  return draft;
}

/** What a draft would put into force. Throws as the parser of its statement; WRONG_TYPE for signatures over an envelope beside no key set. */
export function openChange({ use, statement, envelopeSignatures }: ZoneDraft): ZoneChange {
  if (use === 'keys') return { use, ...parseKeySet(statement) };
  if (envelopeSignatures.length > 0) throw formatError('WRONG_TYPE', { at: '/envelopeSignatures', want: 'none' });
  return use === 'envelope' ? { use, ...parseEnvelope(statement) } : { use, ...parseZoneDocument(statement) };
}

/** The id of a draft: SHA-256 of its statement, as the ledger names a document that is in force. */
export function zoneDraftId(crypto: Crypto, { statement }: Pick<ZoneDraft, 'statement'>): Bytes {
  return crypto.sha256(statement);
}

/** Copies of one draft that were signed apart, as one. The evidence is that of the first. Throws DRAFT_OTHER. */
export function joinZoneDrafts(first: ZoneDraft, ...others: readonly ZoneDraft[]): ZoneDraft {
  let joined = first;
  for (const { use, statement, signatures, envelopeSignatures } of others) {
    if (use !== joined.use || !equalBytes(statement, joined.statement)) throw formatError('DRAFT_OTHER');
    joined = {
      ...joined,
      signatures: joinSignatures(joined.signatures, signatures),
      envelopeSignatures: joinSignatures(joined.envelopeSignatures, envelopeSignatures),
    };
  }
  return joined;
}

/** Each key once, ascending; of two signatures of one key the first stays. */
export function joinSignatures(a: readonly StatementSignature[], b: readonly StatementSignature[]): StatementSignature[] {
  const added = b.filter(({ key }) => a.every((known) => known.key !== key));
  return [...a, ...added].sort((one, other) => one.key - other.key);
}

function requireVersion(value: CborValue): void {
  const found = value instanceof Map ? value.get('version') : undefined;
  if (typeof found === 'number' && found !== DRAFT_VERSION)
    throw formatError('VERSION_UNSUPPORTED', { found, want: DRAFT_VERSION });
}
