/** Deterministic Ed25519 keys for tests: the seed is SHA-256 of a name, so vectors stay the same. Never a key of anybody. */

import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { EDDSA } from '@oppidum/formats/ids';
import type { Validator } from '@oppidum/formats/state-validators';

/** PKCS #8 of an Ed25519 seed (RFC 8410 §7) up to the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The seed behind the test signer of that name. */
export function namedSeed(name: string): Bytes {
  return new Uint8Array(createHash('sha256').update(`oppidum test key ${name}`).digest());
}

const made = new Map<string, Signer>();

/** The test signer of that name. */
export function namedSigner(name: string): Signer {
  const known = made.get(name) ?? makeSigner(name);
  made.set(name, known);
  return known;
}

/** The test validator of that number, each of its keys by a name of its own. */
export function namedValidator(number: number): Validator {
  const keyOf = (use: string): Bytes => namedSigner(`validator ${number} ${use}`).publicKey;
  return {
    name: `validator-${number}`,
    logKey: keyOf('log'),
    cosignerKey: keyOf('cosigner'),
    consensusKey: keyOf('consensus'),
  };
}

function makeSigner(name: string): Signer {
  const seed = namedSeed(name);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    algorithm: EDDSA,
    publicKey: new Uint8Array(spki.subarray(spki.length - 32)),
    sign: (message: Bytes) => new Uint8Array(sign(null, message, key)),
  };
}
