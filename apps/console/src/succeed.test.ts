import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUtf8 } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { follow, succeedBy } from './succeed.ts';

const city = new EvidenceCity({ validatorCount: 1 });
const [first, second] = [city.changePolicy('second', 4), city.changePolicy('third', 4)];
const files = [first, second].map(({ announced }) => encodeEvidence(announced));
const fileOf = (policy: typeof first.policy): string => parseUtf8(encodePolicy(nodeCrypto, policy));

test('changes are followed one by one, oldest first, and the files found lead there again', () => {
  const following = follow({ policy: first.former }, files);
  assert.deepEqual(following.files.map(parseUtf8), [fileOf(first.policy), fileOf(second.policy)]);
  assert.equal(following.refusedBy, null);
  const again = following.files.map(parseUtf8).reduce(succeedBy, { policy: first.former });
  assert.deepEqual(again, following.trust);
  assert.equal(again.former?.length, 2);
});

test('who trusts the second begins there; who has the newest stays; nobody is led back', () => {
  assert.deepEqual(follow({ policy: second.former }, files).files.map(parseUtf8), [fileOf(second.policy)]);
  assert.deepEqual(follow({ policy: second.policy }, files), { files: [], trust: { policy: second.policy }, refusedBy: null });
});

test('a change left out leads nowhere, an altered one is refused by name', () => {
  assert.deepEqual(follow({ policy: first.former }, files.slice(1)).files, []);
  const altered = Uint8Array.from(files[0]!);
  altered[altered.length >> 1]! ^= 1;
  const { files: found, refusedBy } = follow({ policy: first.former }, [altered]);
  assert.deepEqual(found, []);
  assert.notEqual(refusedBy, null);
});
