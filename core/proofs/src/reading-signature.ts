/** Whether the key on the ledger signed a reading. */

import type { Crypto } from '@oppidum/formats/crypto';
import type { PublicKey } from '@oppidum/formats/ids';
import { verifySignature } from '@oppidum/formats/public-key';
import { type AllegedReading, readingToBeSigned } from '@oppidum/formats/reading';

/** What of a reading the signature is about. */
type SignedParts = Pick<AllegedReading, 'algorithm' | 'protectedBytes' | 'payload' | 'signature'>;

/** True when `key` signed the reading by the algorithm that both the reading's header and the key's record name. */
export function verifyReadingSignature(crypto: Crypto, reading: SignedParts, key: PublicKey): boolean {
  return reading.algorithm === key.algorithm && verifySignature(crypto, key, readingToBeSigned(reading), reading.signature);
}
