/**
 * Whom a machine obeys: the order keys of its zone, pinned once by hand, and the envelope that they signed. Both are replaced only by what
 * the pinned keys signed, in rising versions, wherever it comes from: who brings it is not believed.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Envelope, parseEnvelope } from '@oppidum/formats/envelope';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { checkStatement, type SignedStatement, type StatementUse } from '@oppidum/formats/statement';
import { type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';

/** Key set and newest envelope; null before the device has seen any. */
export type ZonePins = { readonly keys: KeySet; readonly envelope: Envelope | null };

/** Where newer ones may be had: the city's API, or whatever a maker has. Null where there is none. */
export type ZoneSource = {
  keySet(zone: Bytes, version: number): Promise<SignedStatement | null>;
  envelope(zone: Bytes, version: number): Promise<SignedStatement | null>;
};

/**
 * The next key set, if the pinned one signed it. Refuses, in this order: what the decoder throws; WRONG_CITY, ZONE_FOREIGN,
 * VERSION_NOT_NEXT, and as `checkStatement`.
 */
export function replaceKeys(crypto: Crypto, pins: ZonePins, signed: SignedStatement): ZonePins | Rejection {
  const keys = opened(() => parseKeySet(signed.statement));
  if ('code' in keys) return keys;
  const refused = checkNext(crypto, pins, 'keys', signed, keys, pins.keys.version);
  return refused ?? { keys, envelope: pins.envelope };
}

/** A newer envelope, if the pinned keys signed it: versions may be left out. Refuses as `replaceKeys` does. */
export function replaceEnvelope(crypto: Crypto, pins: ZonePins, signed: SignedStatement): ZonePins | Rejection {
  const envelope = opened(() => parseEnvelope(signed.statement));
  if ('code' in envelope) return envelope;
  const before = pins.envelope?.version ?? 0;
  const refused = checkNext(crypto, pins, 'envelope', signed, envelope, Math.max(before, envelope.version - 1));
  return refused ?? { keys: pins.keys, envelope };
}

type Versioned = { readonly city: Bytes; readonly zone: Bytes; readonly version: number };

function checkNext(
  crypto: Crypto,
  { keys }: ZonePins,
  use: StatementUse,
  signed: SignedStatement,
  { city, zone, version }: Versioned,
  before: number,
): Rejection | null {
  if (!equalBytes(city, keys.city)) return reject('WRONG_CITY', {});
  if (!equalBytes(zone, keys.zone)) return reject('ZONE_FOREIGN', {});
  if (version !== before + 1) return reject('VERSION_NOT_NEXT', { want: before + 1, got: version });
  return checkStatement(crypto, use, signed, { keys: keys.keys, count: keys.dangerousThreshold });
}

function opened<T>(parse: () => T): T | Rejection {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

/** Pins as new as `want`, as far as the source has what leads there; the source's failures are the caller's to meet. */
export async function followZone(
  crypto: Crypto,
  pins: ZonePins,
  want: { readonly keys: number; readonly envelope: number },
  source: ZoneSource,
): Promise<ZonePins | Rejection> {
  let newest = pins;
  while (newest.keys.version < want.keys) {
    const signed = await source.keySet(newest.keys.zone, newest.keys.version + 1);
    if (signed === null) return reject('ZONE_KEYS_UNKNOWN', { version: newest.keys.version + 1 });
    const next = replaceKeys(crypto, newest, signed);
    if ('code' in next) return next;
    newest = next;
  }
  if ((newest.envelope?.version ?? 0) >= want.envelope) return newest;
  const signed = await source.envelope(newest.keys.zone, want.envelope);
  return signed === null ? reject('ZONE_ENVELOPE_UNKNOWN', { version: want.envelope }) : replaceEnvelope(crypto, newest, signed);
}
