/** Every implementation of cryptography in the product: a suite asks all, and they must agree. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { nodeCrypto } from '@oppidum/crypto/node-crypto';
import type { Crypto } from '@oppidum/formats/crypto';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { pageCrypto } from '@oppidum/formats/page-crypto';
import type { Outcome } from './suite.ts';

const BACKENDS: readonly (readonly [name: string, crypto: Crypto])[] = [
  ['native', nativeCrypto],
  ['node', nodeCrypto],
  ['noble', nobleCrypto],
  ['page', pageCrypto],
];

/** Fails unless each backend's verdict is `wanted`; names those that differ. */
export function judgeByAll(wanted: boolean, verify: (crypto: Crypto) => boolean): Outcome {
  const wrong = BACKENDS.filter(([, crypto]) => verify(crypto) !== wanted).map(([name]) => name);
  if (wrong.length === 0) return null;
  return { failure: `a ${wanted ? 'true signature was refused' : 'false signature was accepted'} by ${wrong.join(', ')}` };
}

/** Fails unless all backends say the same, whatever that is. */
export function judgeAgreement(verify: (crypto: Crypto) => boolean): Outcome {
  const verdicts = BACKENDS.map(([, crypto]) => verify(crypto));
  return new Set(verdicts).size === 1 ? null : { failure: 'the backends disagree' };
}
