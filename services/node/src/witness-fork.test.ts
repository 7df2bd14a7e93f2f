/** One bad validator of four leads a witness that knows log keys alone onto its private fork; ours asks for the policy's quorum first. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Bytes, concatBytes, encodeBase64, encodeUtf8 } from '@oppidum/formats/bytes';
import type { Policy } from '@oppidum/formats/policy';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { type TestValidator, testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { openWitnessSeed, Witness } from './witness.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-witness-fork-'));
after(() => rmSync(folder, { recursive: true }));

const origin = `city.example/${'0a'.repeat(32)}`;
const validators = testValidators('validator', 4);
const [bad, ...others] = validators as [TestValidator, ...TestValidator[]];
const cityPolicy = testPolicy(origin, validators);
/** What a stock witness is configured with: the log's origin and its keys, of which a city of four has four. */
const keysAlone: Policy = { logs: cityPolicy.logs, witnesses: [], groups: [], quorum: null };

const log = new MemoryLog(Array.from({ length: 20 }, (_, i) => encodeUtf8(`entry ${i}`)));
const fork = new MemoryLog([...log.entries.slice(0, 8), ...Array.from({ length: 20 }, (_, i) => encodeUtf8(`other ${i}`))]);
const noteOf = (of: MemoryLog, size: number, by: TestValidator, cosigners: readonly TestValidator[]) =>
  testNote({ origin, size, root: of.root(size) }, by.log, cosigners);
const bodyOf = (oldSize: number, of: MemoryLog, size: number, note: Bytes): Bytes => {
  const proof = of.consistency(oldSize, size).map(encodeBase64);
  return concatBytes(encodeUtf8([`old ${oldSize}`, ...proof, '', ''].join('\n')), note);
};

async function openWitness(name: string, policy: Policy): Promise<Witness> {
  const place = join(folder, name);
  await openWitnessSeed(place, () => new Uint8Array(32).fill(1));
  return Witness.open({ folder: place, policy, crypto, signer: namedSigner(name), name, nowS: () => 1_700_000_000 });
}

const honestAt = (size: number): Bytes => noteOf(log, size, others[0] as TestValidator, others.slice(0, 3));
const forged = noteOf(fork, 12, bad, [bad]);

test('a witness that knows log keys alone cosigns the fork of one validator, and refuses the city from then on', async () => {
  const stock = await openWitness('stock', keysAlone);
  assert.equal((await stock.addCheckpoint(bodyOf(0, log, 7, honestAt(7)))).status, 200);
  // Signed by a key that it trusts, and a true continuation of what it cosigned: by all that it knows this is the log.
  const led = await stock.addCheckpoint(bodyOf(7, fork, 12, forged));
  assert.equal(led.status, 200);
  assert.match(led.body, /^— stock /);
  const city = await stock.addCheckpoint(bodyOf(12, log, 15, honestAt(15)));
  assert.deepEqual([city.status, city.body.split(' ')[0]?.trim()], [422, 'ROOT_MISMATCH']);
});

test('ours refuses the fork with QUORUM_MISSING before it looks at growth, and goes on with the city', async () => {
  const ours = await openWitness('ours', cityPolicy);
  assert.equal((await ours.addCheckpoint(bodyOf(0, log, 7, honestAt(7)))).status, 200);
  const before = readdirSync(join(folder, 'ours', 'cosigned'));
  for (const note of [forged, noteOf(fork, 12, bad, [bad, others[0] as TestValidator])]) {
    const refused = await ours.addCheckpoint(bodyOf(7, fork, 12, note));
    assert.deepEqual([refused.status, refused.body], [403, 'QUORUM_MISSING quorum=validators\n']);
  }
  assert.deepEqual(readdirSync(join(folder, 'ours', 'cosigned')), before);
  assert.equal((await ours.addCheckpoint(bodyOf(7, log, 15, honestAt(15)))).status, 200);
});

test('a fork that has the quorum is refused by either once the city was seen: its growth is false', async () => {
  const seen = await openWitness('seen', cityPolicy);
  assert.equal((await seen.addCheckpoint(bodyOf(0, log, 10, honestAt(10)))).status, 200);
  const colluding = noteOf(fork, 12, bad, validators.slice(0, 3));
  const refused = await seen.addCheckpoint(bodyOf(10, fork, 12, colluding));
  assert.deepEqual([refused.status, refused.body.split(' ')[0]?.trim()], [422, 'ROOT_MISMATCH']);
});
