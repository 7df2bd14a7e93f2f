/**
 * The strict profile of the packs that devices sign (specs/senml.md): deterministic CBOR, every name under the device's own URN,
 * absolute times, exactly one value in every record, nothing that a reader would have to skip.
 */

import type { Bytes } from './bytes.ts';
import { FormatError, formatError, type Rejection, reject } from './errors.ts';
import { LIMITS } from './limits.ts';
import { type ResolvedRecord, resolveSenml, type SenmlPack, valuesOf } from './senml.ts';
import { parseSenmlCbor } from './senml-cbor.ts';

/**
 * Parses the payload of a reading into resolved records. `urnPrefix` is `urn:oppidum:<device id hex>:`.
 * Throws as `parseSenmlCbor` and `resolveSenml` do, SENML_VALUE_COUNT, UNKNOWN_FIELD (extensions), SENML_FOREIGN_NAME, NUMBER_RANGE (time).
 */
export function parseReadingPack(payload: Bytes, urnPrefix: string): readonly ResolvedRecord[] {
  const pack = parseSenmlCbor(payload);
  return resolveReadingPack(pack, urnPrefix);
}

/** Refuses a pack that no device may sign under this prefix, with the codes of `parseReadingPack`. */
export function checkReadingPack(pack: SenmlPack, urnPrefix: string): Rejection | null {
  try {
    resolveReadingPack(pack, urnPrefix);
    return null;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

function resolveReadingPack(pack: SenmlPack, urnPrefix: string): readonly ResolvedRecord[] {
  pack.forEach((record, i) => {
    if (valuesOf(record).length !== 1) throw formatError('SENML_VALUE_COUNT', { at: `/${i}` });
    if (record.extensions !== undefined) throw formatError('UNKNOWN_FIELD', { at: `/${i}` });
  });
  const records = resolveSenml(pack);
  for (const { name, timeS } of records) {
    if (!name.startsWith(urnPrefix) || name.length === urnPrefix.length)
      throw formatError('SENML_FOREIGN_NAME', { want: urnPrefix });
    if (timeS > LIMITS.senmlTimeMaxS) throw formatError('NUMBER_RANGE', { timeS, timeMaxS: LIMITS.senmlTimeMaxS });
  }
  return records;
}
