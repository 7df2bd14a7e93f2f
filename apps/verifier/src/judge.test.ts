import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { believe } from './judge.ts';

const city = new EvidenceCity({ validatorCount: 1 });
const first = encodePolicy(nodeCrypto, city.policy);
const files = [1, 2, 3, 4, 5, 6].map((number) => encodeEvidence(city.changePolicy(`change${number}`, 1).announced));

/** How many signatures are verified while these are followed, and what comes of it. */
function follow(given: readonly Uint8Array[]): readonly [count: number, outcome: number | string] {
  let count = 0;
  const counted: Crypto = {
    ...nodeCrypto,
    verifyEd25519: (...signed) => {
      count++;
      return nodeCrypto.verifyEd25519(...signed);
    },
  };
  const belief = believe(counted, first, given);
  return [count, 'problem' in belief ? belief.problem : belief.followedCount];
}

test('successors are followed in any order, each verified once', () => {
  const [count, followed] = follow(files);
  assert.equal(followed, 6);
  assert.ok(count > 0);
  assert.deepEqual(follow(files.toReversed()), [count, 6]);
});

test('a change left out leads nowhere; more than a city ever has are refused before any is verified', () => {
  assert.equal(follow([files[0]!, files[2]!])[1], 'successorBad');
  assert.equal(follow([files[0]!, new Uint8Array(3)])[1], 'successorBad');
  assert.deepEqual(follow(Array.from({ length: 201 }, () => files[0]!)), [0, 'successorBad']);
});
