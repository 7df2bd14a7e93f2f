/**
 * How a machine keeps up with its zone (specs/orders.md §4.4): it says what it has, and gets the next statement that it lacks, one at a time.
 * Neither is believed: what comes counts by the signatures of the order keys in it, and nothing is given away by what is asked.
 */

import type { Bytes } from './bytes.ts';
import { encodeBy, id, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { blob, type Infer, list, oneOf, struct, text, uint } from './schema.ts';
import { statementSignatures } from './statement.ts';

const compareNames = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name === b.name ? 0 : a.name < b.name ? -1 : 1;

export const zoneHaveSchema = struct({
  zone: id(),
  /** Versions of key set and envelope; 0 for no envelope. */
  keys: uint({ min: 1 }),
  envelope: uint(),
  /** The documents that it works by, 0 for one that it lacks. Others are not given to it. */
  documents: list(struct({ name: text(64), version: uint() }), { max: LIMITS.zoneHaveDocumentCountMax, order: compareNames }),
});
/** What a machine knows of its zone. */
export type ZoneHave = Infer<typeof zoneHaveSchema>;

export const zoneNewsSchema = struct({
  use: oneOf('keys', 'envelope', 'document'),
  statement: blob(LIMITS.zoneDocumentStatementSizeMax, 1),
  signatures: statementSignatures(),
});
/** The next signed statement for a machine. */
export type ZoneNews = Infer<typeof zoneNewsSchema>;

/** Deterministic CBOR. */
export function encodeZoneHave(have: ZoneHave): Bytes {
  return encodeBy(zoneHaveSchema, have);
}

/** Parses strictly. Throws FormatError: TOO_LARGE, and as CBOR and schema do. */
export function parseZoneHave(data: Bytes): ZoneHave {
  if (data.length > LIMITS.zoneHaveSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.zoneHaveSizeMax });
  return parseBy(zoneHaveSchema, data);
}

/** Deterministic CBOR. */
export function encodeZoneNews(news: ZoneNews): Bytes {
  return encodeBy(zoneNewsSchema, news);
}

/** Parses strictly; the statement is read by whoever judges it. Throws FormatError: TOO_LARGE, and as CBOR and schema do. */
export function parseZoneNews(data: Bytes): ZoneNews {
  if (data.length > LIMITS.zoneNewsSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.zoneNewsSizeMax });
  return parseBy(zoneNewsSchema, data);
}
