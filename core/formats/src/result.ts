/** What became of an action's transaction: a code and, when it took effect, the events it caused. */

import type { Bytes } from './bytes.ts';
import { type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import type { Crypto } from './crypto.ts';
import { ERRORS } from './error-catalogue.ts';
import type { ErrorCode } from './errors.ts';
import { formatError } from './errors.ts';
import { text } from './schema.ts';

/** Something that happened: `kind` as in `devices/registered`, `body` a CBOR map. */
export type LedgerEvent = { readonly kind: string; readonly body: CborValue };

/** 'OK', or the code of the first check that failed. */
export type ResultCode = 'OK' | ErrorCode;

export type Result = { readonly code: ResultCode; readonly events: readonly LedgerEvent[] };

const eventKind = text(64, 3);

/** 'OK' or a code of the catalogue. Throws TEXT_INVALID. */
export function parseResultCode(code: string): ResultCode {
  if (code === 'OK' || Object.hasOwn(ERRORS, code)) return code as ResultCode;
  throw formatError('TEXT_INVALID', { want: 'a result code' });
}

/**
 * Throws TEXT_INVALID unless the text could be a result: upper-case letters, digits and underscores after a letter. Whoever checks a
 * leaf need not know the code: a newer ledger may have more of them, and its validators vouch for the leaf.
 */
export function assertResultForm(code: string): void {
  if (!/^[A-Z][A-Z0-9_]*$/.test(code)) throw formatError('TEXT_INVALID', { want: 'a result code' });
}

/** Deterministic CBOR of a list of events: [[kind, body] …]. */
export function encodeEvents(events: readonly LedgerEvent[]): Bytes {
  return encodeCbor(events.map((event) => [event.kind, event.body]));
}

/** Parses a list of events. Throws FormatError. */
export function parseEvents(data: Bytes): LedgerEvent[] {
  const value = parseCbor(data);
  if (!Array.isArray(value)) throw formatError('WRONG_TYPE', { want: 'a list of events' });
  return value.map((item, i) => {
    if (!Array.isArray(item) || item.length !== 2 || !(item[1] instanceof Map))
      throw formatError('WRONG_TYPE', { at: `/${i}`, want: '[kind, body]' });
    return { kind: eventKind.parse(item[0] as CborValue, `/${i}/0`), body: item[1] };
  });
}

/** SHA-256 of the encoded events: what the transaction's leaf commits to. */
export function eventsDigest(crypto: Crypto, events: readonly LedgerEvent[]): Bytes {
  return crypto.sha256(encodeEvents(events));
}
