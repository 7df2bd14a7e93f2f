/** What a device sent, taken apart for people: its signed header, its records as sent, and how large each part is. */

import { type Bytes, encodeBase64, parseBase64, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { parseReading } from '@oppidum/formats/reading';
import { parseSenmlCbor } from '@oppidum/formats/senml-cbor';

export type HeaderName = 'algorithm' | 'contentType' | 'device' | 'keyNumber' | 'audience' | 'sequence' | 'nonce' | 'clockError';
export type PartName = 'envelope' | 'header' | 'payload' | 'signature';

/** `id`: SHA-256 of the bytes. `records`: one text for each, under the labels of RFC 8428. */
export type Decoded = {
  readonly bytes: Bytes;
  readonly id: string;
  readonly sizes: Readonly<Record<PartName, number>>;
  /** With the label that the field has (RFC 9052 §3.1, or ours). */
  readonly headers: readonly (readonly [name: HeaderName, label: string, value: string])[];
  readonly records: readonly string[];
};

const SENML_CBOR = '112 (application/senml+cbor)';

/** Takes an envelope apart; a code where it is no reading's. */
export function decodeEnvelope(base64: string): Decoded | { readonly code: string } {
  try {
    const bytes = parseBase64(base64);
    const reading = parseReading(crypto, bytes);
    const { algorithm, device, keyNumber, audience, sequence, nonce, clockErrorMs } = reading;
    return {
      bytes,
      id: toHex(reading.digest),
      sizes: {
        envelope: bytes.length,
        header: reading.protectedBytes.length,
        payload: reading.payload.length,
        signature: reading.signature.length,
      },
      headers: [
        ['algorithm', '1', `${algorithm} (${algorithm === -8 ? 'EdDSA' : 'ES256'})`],
        ['contentType', '3', SENML_CBOR],
        ['device', '4', toHex(device)],
        ['keyNumber', '4', String(keyNumber)],
        ['audience', '-70001', toHex(audience)],
        ['sequence', '-70002', String(sequence)],
        ['nonce', '-70003', toHex(nonce)],
        ['clockError', '-70004', clockErrorMs === null ? '–' : String(clockErrorMs)],
      ],
      records: parseSenmlCbor(reading.payload).map((record) => JSON.stringify(record, showBytes)),
    };
  } catch (error) {
    if (error instanceof FormatError) return { code: error.code };
    throw error;
  }
}

function showBytes(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return encodeBase64(value);
  return value instanceof Map ? Object.fromEntries(value) : value;
}
