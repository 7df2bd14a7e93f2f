/** Tokens for connections over MQTT, made by whoever holds the seed. */

import type { Bytes } from '@oppidum/formats/bytes';
import { draftToken, TOKEN_ID_SIZE, type TokenClaims } from '@oppidum/formats/connection-token';
import type { Signer } from '@oppidum/formats/crypto';

/** What the claims must say; the rest is true and good for five minutes unless told otherwise. */
type GivenClaims = Partial<TokenClaims> & Pick<TokenClaims, 'audience' | 'device'>;

const LIFETIME_S = 300;

/** What this signer shows to be let in. */
export function signToken(signer: Signer, claims: GivenClaims): Bytes {
  const issuedS = claims.issuedS ?? Math.floor(Date.now() / 1_000);
  const { toBeSigned, seal } = draftToken(signer.algorithm, {
    ...{
      keyNumber: 0,
      expiresS: issuedS + LIFETIME_S,
      id: globalThis.crypto.getRandomValues(new Uint8Array(TOKEN_ID_SIZE)),
      ...claims,
    },
    issuedS,
  });
  return seal(signer.sign(toBeSigned));
}
