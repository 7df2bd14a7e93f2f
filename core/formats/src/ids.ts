/**
 * Names of things. Every id is 32 bytes, written as 64 lower-case hex digits.
 * A device's id is derived from its first public key, so nobody can register an id whose key they do not name.
 */

import { type Bytes, concatBytes, encodeUtf8, parseHex, toHex } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';

/** Size of every id and hash, in bytes. */
export const ID_SIZE = 32;

const DEVICE_ID_LABEL = encodeUtf8('oppidum/device-id/v1\n');
const DEVICE_URN = 'urn:oppidum:';

/** COSE algorithm numbers in use (IANA COSE Algorithms): −8 EdDSA with Ed25519, −7 ECDSA P-256 with SHA-256. */
export const EDDSA = -8;
export const ES256 = -7;
export type Algorithm = -8 | -7;

/** A public key with the algorithm that uses it. Ed25519: 32 bytes; P-256: 33 bytes, compressed. */
export type PublicKey = { readonly algorithm: Algorithm; readonly publicKey: Bytes };

/** The id of the device whose first key this is: SHA-256(label ‖ key size:u8 ‖ key). The size tells the two algorithms apart. */
export function deviceIdOf(crypto: Crypto, firstPublicKey: Bytes): Bytes {
  return crypto.sha256(concatBytes(DEVICE_ID_LABEL, Uint8Array.of(firstPublicKey.length), firstPublicKey));
}

/** The prefix of every SenML name a device may use: `urn:oppidum:<device id hex>:` (RFC 8428 §4.5.1 allows these characters). */
export function deviceUrnPrefix(device: Bytes): string {
  return `${DEVICE_URN}${toHex(device)}:`;
}

/** The origin of a city's block log: `NAME/<genesis hash hex>`; the policy file alone names the city. */
export function cityOrigin(name: string, genesisHash: Bytes): string {
  return `${name}/${toHex(genesisHash)}`;
}

/** The origin of a telemetry shard's log. `number` counts the shards of a city from 0. */
export function shardOrigin(origin: string, number: number): string {
  return `${origin}/shard-${number}`;
}

/** The genesis hash named by a city's origin. Throws TEXT_INVALID. */
export function genesisHashOf(origin: string): Bytes {
  const slash = origin.lastIndexOf('/');
  if (slash < 1) throw formatError('TEXT_INVALID', { want: 'NAME/<genesis hash hex>' });
  return parseHex(origin.slice(slash + 1), ID_SIZE);
}
