/** Who can sign in a run of orders: with real keys, or with ideal signatures, which nobody can forge and which cost one hash. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, concatBytes, encodeUtf8, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { EDDSA } from '@oppidum/formats/ids';
import { namedSigner } from '../../support/signers.ts';

export type Hands = { readonly crypto: Crypto; readonly signer: (name: string) => Signer };

/** 32 bytes that the rule of Ed25519 lets pass as a point. */
function pointOf(data: Bytes): Bytes {
  const point = nativeCrypto.sha256(data);
  point[31] = (point[31] as number) & 0x7f;
  return point;
}

/** The only bytes that are this key's signature of the message: R is a hash of both, S is 0. Whoever has no signer makes none of them. */
function idealSignature(publicKey: Bytes, message: Bytes): Bytes {
  const signature = new Uint8Array(64);
  signature.set(pointOf(concatBytes(publicKey, message)));
  return signature;
}

export const idealHands: Hands = {
  crypto: {
    ...nativeCrypto,
    verifyEd25519: (publicKey, message, signature) => equalBytes(idealSignature(publicKey, message), signature),
  },
  signer: (name) => {
    const publicKey = pointOf(encodeUtf8(name));
    return { algorithm: EDDSA, publicKey, sign: (message) => idealSignature(publicKey, message) };
  },
};

const known = new Map<string, Signer>();

export const realHands: Hands = {
  crypto: nativeCrypto,
  signer: (name) => {
    const signer = known.get(name) ?? namedSigner(name);
    known.set(name, signer);
    return signer;
  },
};
