/**
 * A signed reading: COSE_Sign1 (RFC 9052 §4.2, tag 18) over one SenML pack (RFC 8428, CBOR), in a strict profile.
 *
 * Protected header, exactly these: 1 alg (−8 or −7), 3 content type (112, application/senml+cbor), 4 kid = device id ‖ key number:u32,
 * −70001 audience (genesis hash), −70002 sequence number, −70003 16 random bytes (so a small reading cannot be guessed from
 * its digest); and, where the device states it, −70004 how far its clock may be from UTC. Unprotected header empty. The log entry of a reading is SHA-256 of the whole envelope.
 */

import { type Bytes, concatBytes, encodeUint32, readUint32 } from './bytes.ts';
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { algorithm, id } from './common-schemas.ts';
import { encodeSign1, parseSign1, sign1ToBeSigned } from './cose.ts';
import type { Crypto, Signer } from './crypto.ts';
import { formatError } from './errors.ts';
import { type Algorithm, deviceUrnPrefix, ID_SIZE } from './ids.ts';
import { LIMITS } from './limits.ts';
import { readReadingForm } from './reading-form.ts';
import { parseReadingPack } from './reading-pack.ts';
import { readPackForm } from './reading-pack-form.ts';
import { bytes, type Schema, uint } from './schema.ts';
import type { ResolvedRecord } from './senml.ts';

/** COSE header labels: RFC 9052 §3.1, then our private-use labels (RFC 9052 §11.2: below −65536). */
const LABEL = { alg: 1, contentType: 3, kid: 4, audience: -70001, sequence: -70002, nonce: -70003, clockError: -70004 } as const;

/** CoAP content format of application/senml+cbor (RFC 8428 §12.3). */
const SENML_CBOR = 112;

/** Size of the random part of a reading's header. */
export const READING_NONCE_SIZE = 16;

/** What the header of a reading says. */
export type ReadingHeader = {
  readonly audience: Bytes;
  readonly device: Bytes;
  readonly keyNumber: number;
  readonly algorithm: Algorithm;
  readonly sequence: number;
  readonly nonce: Bytes;
  /** Milliseconds by which the times of the pack may differ from UTC, either way; null when the device does not say. */
  readonly clockErrorMs: number | null;
};

/** What the signer of a reading says in its header; the clock's error may be left out. */
type SignedHeader = Omit<ReadingHeader, 'algorithm' | 'clockErrorMs'> & { readonly clockErrorMs?: number | null };

/** A well-formed reading whose signature nobody has checked yet. */
export type AllegedReading = ReadingHeader & {
  /** SHA-256 of the envelope: the entry in the shard's log. */
  readonly digest: Bytes;
  readonly envelope: Bytes;
  readonly protectedBytes: Bytes;
  readonly payload: Bytes;
  readonly signature: Bytes;
};

/** Parses an envelope strictly, without reading its SenML; `known` is its digest where somebody has it. Throws FormatError. */
export function parseReading(crypto: Crypto, envelope: Bytes, known?: Bytes): AllegedReading {
  if (envelope.length > LIMITS.readingSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.readingSizeMax });
  const parts = readReadingForm(envelope);
  if (parts !== null) return { ...parts, digest: known ?? crypto.sha256(envelope), envelope };
  const sign1 = parseSign1(envelope);
  if (sign1.unprotectedHeader.size !== 0) throw formatError('UNKNOWN_FIELD', { at: '/unprotected' });
  if (sign1.payload === null) throw formatError('MISSING_FIELD', { at: '/payload' });
  if (sign1.signature.length !== 64) throw formatError('LENGTH_WRONG', { at: '/signature', want: 64 });
  return {
    ...parseHeader(sign1.protectedHeader),
    digest: known ?? crypto.sha256(envelope),
    envelope,
    protectedBytes: sign1.protectedBytes,
    payload: sign1.payload,
    signature: sign1.signature,
  };
}

function parseHeader(header: CborMap): ReadingHeader {
  const known: readonly CborKey[] = Object.values(LABEL);
  for (const label of header.keys())
    if (!known.includes(label)) throw formatError('UNKNOWN_FIELD', { at: `/protected/${label}` });
  const field = <T>(label: number, schema: Schema<T>): T => {
    const value = header.get(label);
    if (value === undefined) throw formatError('MISSING_FIELD', { at: `/protected/${label}` });
    return schema.parse(value, `/protected/${label}`);
  };
  field(LABEL.contentType, uint({ min: SENML_CBOR, max: SENML_CBOR }));
  const kid = field(LABEL.kid, bytes(ID_SIZE + 4));
  return {
    algorithm: field(LABEL.alg, algorithm()),
    device: kid.slice(0, ID_SIZE),
    keyNumber: readUint32(kid, ID_SIZE),
    audience: field(LABEL.audience, id()),
    sequence: field(LABEL.sequence, uint({ min: 1 })),
    nonce: field(LABEL.nonce, bytes(READING_NONCE_SIZE)),
    clockErrorMs: header.has(LABEL.clockError) ? field(LABEL.clockError, uint({ max: LIMITS.clockErrorMaxMs })) : null,
  };
}

/** The records a reading carries, each name under the device's own URN, times absolute. Throws FormatError. */
export function parseReadingRecords(reading: Pick<AllegedReading, 'payload' | 'device'>): readonly ResolvedRecord[] {
  const urnPrefix = deviceUrnPrefix(reading.device);
  const records: ResolvedRecord[] = [];
  if (readPackForm(reading.payload, urnPrefix, records) === null) return parseReadingPack(reading.payload, urnPrefix);
  return records.sort((a, b) => a.timeS - b.timeS); // stable: ECMA-262 §23.1.3.30
}

/** Latest time among a reading's records, POSIX seconds. Throws as `parseReadingRecords` does. */
export function latestTimeOf(reading: Pick<AllegedReading, 'payload' | 'device'>): number {
  const urnPrefix = deviceUrnPrefix(reading.device);
  // Resolved records stand in the order of their times.
  return readPackForm(reading.payload, urnPrefix) ?? parseReadingPack(reading.payload, urnPrefix).at(-1)?.timeS ?? 0;
}

/** The bytes the device signs (RFC 9052 §4.4, context "Signature1"). */
export function readingToBeSigned(reading: Pick<AllegedReading, 'protectedBytes' | 'payload'>): Bytes {
  return sign1ToBeSigned(reading.protectedBytes, new Uint8Array(0), reading.payload);
}

/** A reading that lacks its signature: what is to be signed, and the envelope that a signature over it makes. */
type ReadingDraft = { readonly toBeSigned: Bytes; readonly seal: (signature: Bytes) => Bytes };

/** Prepares a reading for a signer that answers later. Throws NUMBER_RANGE for a clock's error beyond its limit. */
export function draftReading(algorithm: Algorithm, header: SignedHeader, payload: Bytes): ReadingDraft {
  const protectedHeader: CborMap = new Map<number, CborValue>([
    [LABEL.alg, algorithm],
    [LABEL.contentType, SENML_CBOR],
    [LABEL.kid, concatBytes(header.device, encodeUint32(header.keyNumber))],
    [LABEL.audience, header.audience],
    [LABEL.sequence, header.sequence],
    [LABEL.nonce, header.nonce],
  ]);
  const errorMs = header.clockErrorMs ?? null;
  if (errorMs !== null)
    protectedHeader.set(LABEL.clockError, uint({ max: LIMITS.clockErrorMaxMs }).parse(errorMs, `/protected/${LABEL.clockError}`));
  const protectedBytes = encodeCbor(protectedHeader);
  return {
    toBeSigned: readingToBeSigned({ protectedBytes, payload }),
    seal: (signature) => encodeSign1({ protectedHeader, payload, signature }),
  };
}

/** Signs a SenML pack as a reading. `payload` is CBOR SenML as `encodeSenmlCbor` makes it; `nonce` 16 fresh random bytes. */
export function signReading(signer: Signer, header: SignedHeader, payload: Bytes): Bytes {
  const { toBeSigned, seal } = draftReading(signer.algorithm, header, payload);
  return seal(signer.sign(toBeSigned));
}
