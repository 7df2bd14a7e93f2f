import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { parseUtf8 } from '@oppidum/formats/bytes';
import { encodePolicy } from '@oppidum/formats/policy';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { type PinnedPolicy, pinnedPolicy, pinPolicy, rememberHead, rememberSuccessors } from './pinned-policy.ts';

const city = new EvidenceCity({ validatorCount: 1 });
const first = parseUtf8(encodePolicy(nodeCrypto, city.policy));
const { policy: second } = city.changePolicy('second', 1);
const { policy: third } = city.changePolicy('third', 1);
const [secondFile, thirdFile] = [second, third].map((policy) => encodePolicy(nodeCrypto, policy)) as [Uint8Array, Uint8Array];
const head = { size: 7, root: new Uint8Array(32) };

const pinned = (): PinnedPolicy => {
  const policy = pinnedPolicy();
  assert.ok(policy !== null);
  return policy;
};
const pin = (text: string): PinnedPolicy => {
  pinPolicy(text);
  return pinned();
};

// Node has no storage for pages: what is stored is kept as where a browser blocks it.
afterEach(() => pinPolicy(null));

test('successors are followed one after the other, and heads are remembered', () => {
  rememberSuccessors(pin(first), [secondFile]);
  rememberSuccessors(pinned(), [thirdFile]);
  rememberHead(pinned(), head);
  assert.deepEqual([pinned().followedCount, pinned().newest, pinned().trust.former?.length], [2, parseUtf8(thirdFile), 2]);
  assert.deepEqual(pinned().trust.seen, [head]);
});

test('what was proven under one policy follows no other that was pinned while the answer was awaited', () => {
  const before = pin(first);
  pin(parseUtf8(secondFile));
  rememberSuccessors(before, [thirdFile]);
  rememberHead(before, head);
  assert.deepEqual([pinned().followedCount, pinned().newest], [0, parseUtf8(secondFile)]);
  assert.deepEqual(pinned().trust.seen, []);
});

test('nothing comes back that was forgotten meanwhile', () => {
  const before = pin(first);
  pinPolicy(null);
  rememberSuccessors(before, [secondFile]);
  rememberHead(before, head);
  assert.equal(pinnedPolicy(), null);
  assert.deepEqual([pin(first).followedCount, pinned().trust.seen], [0, []]);
});

test('two that follow the same change at once follow it once', () => {
  const before = pin(first);
  rememberSuccessors(before, [secondFile, thirdFile]);
  rememberSuccessors(before, [secondFile]);
  assert.deepEqual([pinned().followedCount, pinned().newest], [2, parseUtf8(thirdFile)]);
});
