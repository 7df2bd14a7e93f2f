import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { parseUtf8, toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { nodeCrypto } from '../../../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../../../test/support/evidence.ts';
import { pinnedPolicy, pinPolicy, rememberHead } from '../../pinned-policy.ts';
import { proveRecords } from './prove-records.ts';

const city = new EvidenceCity({ validatorCount: 1 });
const first = parseUtf8(encodePolicy(nodeCrypto, city.policy));
const claim = { kind: 'device', segments: [city.device] };
const ofDevice = (): Uint8Array => encodeEvidence(city.proveState(claim));
const early = ofDevice();
const { policy: changed } = city.changePolicy('second', 1);
const late = ofDevice();
const second = parseUtf8(encodePolicy(nodeCrypto, changed));

/** Node has no storage for pages: what is stored is kept as where a browser blocks it. */
afterEach(() => {
  pinPolicy(null);
  mock.restoreAll();
});

/** What is made of an answer of the city: the number of records, or why there are none. */
async function prove(file: Uint8Array): Promise<number | string> {
  mock.method(globalThis, 'fetch', async () => new Response(new Uint8Array(file)));
  const proof = await proveRecords('device', [toHex(city.device)]);
  return 'records' in proof ? proof.records.length : proof.unproven;
}

test('what is older than a head that was believed proves nothing, also where the first proof itself was that head', async () => {
  assert.equal(await prove(early), 'unpinned');
  pinPolicy(second);
  assert.equal(await prove(late), 1);
  const pinned = pinnedPolicy();
  assert.ok(pinned !== null);
  assert.equal(pinned.trust.seen?.length, 1, 'the head is remembered');
  rememberHead(pinned, { size: Number(pinned.trust.seen?.at(-1)?.size) + 1, root: new Uint8Array(32) });
  assert.equal(await prove(late), 'refuted');
});

test('another head of a size that was believed is refuted', async () => {
  pinPolicy(first);
  assert.equal(await prove(early), 1);
  const pinned = pinnedPolicy();
  assert.ok(pinned !== null);
  rememberHead(pinned, { size: Number(pinned.trust.seen?.at(-1)?.size), root: new Uint8Array(32) });
  assert.equal(await prove(early), 'refuted');
});
