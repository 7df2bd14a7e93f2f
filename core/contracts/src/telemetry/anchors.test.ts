import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { LIMITS } from '@oppidum/formats/limits';
import { encodeSignedNote, signNote } from '@oppidum/formats/signed-note';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, anchorKind, anchorOrderKind } from '@oppidum/formats/state-telemetry';
import { leafHash, nodeHash } from '@oppidum/proofs/merkle-hash';
import { proveConsistency, treeRoot } from '@oppidum/proofs/merkle-tree';
import fc from 'fast-check';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { makeDeviceCity, TestShard } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { MemoryLog } from '../../../../test/support/memory-log.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

const entries = (label: string, count: number) => Array.from({ length: count }, (_, n) => namedId(`${label} ${n}`));
const withShard = (count = 0): { readonly city: TestCity; readonly shard: TestShard } => {
  const city = makeDeviceCity();
  const shard = new TestShard(city);
  shard.keep(...entries('entry', count));
  return { city, shard };
};

test('a shard anchors its log as it grows', () => {
  const { city, shard } = withShard(3);
  assert.equal(shard.anchor(), 'OK');
  const first = { size: 3, root: shard.log.root(), at: city.height, timeMs: city.timeMs, anchorCount: 1 };
  assert.deepEqual(city.read(at(anchorHeadKind, shard.id)), first);
  assert.equal(city.event('telemetry/anchored')?.get('size'), 3);
  shard.keep(...entries('more', 6));
  assert.equal(shard.anchor(), 'OK');
  assert.deepEqual(city.read(at(anchorHeadKind, shard.id))?.anchorCount, 2);
  assert.deepEqual(city.read(at(anchorKind, shard.id, 3)), { root: first.root, at: first.at });
  assert.deepEqual(city.read(at(anchorKind, shard.id, 9)), { root: shard.log.root(), at: city.height });
});

test('telemetry/anchor is refused, in this order', () => {
  const { city, shard } = withShard(4);
  const anchor = (changes: object, by = 'telemetry') => city.act(by, 'telemetry/anchor', shard.anchorBody(changes));
  const garbage = { checkpoint: encodeUtf8('no note') };
  assert.equal(anchor({ ...garbage, shard: namedId('nothing') }, 'operator'), 'SHARD_UNKNOWN');
  assert.equal(anchor(garbage, 'operator'), 'NOT_AUTHORIZED', 'who declared it does not run it');
  assert.equal(anchor(garbage), 'TEXT_INVALID');

  const head = { origin: shard.origin, size: 4, root: shard.log.root() };
  const otherOrigin = signCheckpoint(nodeCrypto, shard.signer, { ...head, origin: `${shard.origin}0` });
  const otherKey = signCheckpoint(nodeCrypto, namedSigner('stranger'), head);
  assert.equal(anchor({ checkpoint: otherOrigin }), 'SHARD_ORIGIN_WRONG');
  const cosigned = addSignatures(shard.note(), [
    cosignCheckpoint(nodeCrypto, namedSigner('witness'), 'witness', `${parseUtf8(shard.note()).split('\n\n')[0]}\n`, 1),
  ]);
  assert.equal(anchor({ checkpoint: cosigned }), 'NOT_CANONICAL', 'two signatures');
  const text = `${parseUtf8(shard.note()).split('\n\n')[0]}\nextension\n`;
  const extended = encodeSignedNote({ text, signatures: [signNote(nodeCrypto, shard.signer, shard.origin, text)] });
  assert.equal(anchor({ checkpoint: extended }), 'NOT_CANONICAL', 'an extension line');
  assert.equal(anchor({ checkpoint: otherKey }), 'SIGNATURE_INVALID');
  const altered = encodeUtf8(parseUtf8(shard.note()).replace('\n4\n', '\n5\n'));
  assert.equal(anchor({ checkpoint: altered }), 'SIGNATURE_INVALID');

  assert.equal(anchor({ consistency: [namedId('hash')] }), 'PROOF_LENGTH_WRONG', 'the first has no proof');
  assert.equal(shard.anchor(), 'OK');
  assert.equal(shard.anchor(), 'ANCHOR_NOT_NEWER');
  assert.equal(anchor({ checkpoint: shard.note(3) }), 'ANCHOR_NOT_NEWER');
  shard.keep(...entries('more', 3));
  assert.equal(anchor({ consistency: [] }), 'PROOF_LENGTH_WRONG');
  assert.equal(anchor({ consistency: shard.anchorBody().consistency.map(() => namedId('hash')) }), 'ROOT_MISMATCH');
  assert.equal(shard.anchor(), 'OK');
});

test('an empty log is not anchored', () => {
  const { city, shard } = withShard();
  const root = nodeCrypto.sha256(new Uint8Array(0));
  const checkpoint = signCheckpoint(nodeCrypto, shard.signer, { origin: shard.origin, size: 0, root });
  const body = { shard: shard.id, checkpoint, consistency: [], sensors: [] };
  assert.equal(city.act('telemetry', 'telemetry/anchor', body), 'ANCHOR_NOT_NEWER');
});

test('another history of the same log is refused, whatever proof comes with it', () => {
  const { city, shard } = withShard(5);
  assert.equal(shard.anchor(), 'OK');
  const rewritten = new MemoryLog([...entries('entry', 4), ...entries('rewritten', 4)]);
  for (const consistency of [rewritten.consistency(5), rewritten.consistency(4), rewritten.consistency(5).slice(1), []]) {
    const code = city.act('telemetry', 'telemetry/anchor', {
      ...shard.anchorBody(),
      checkpoint: shard.note(8, rewritten),
      consistency,
    });
    assert.ok(code === 'ROOT_MISMATCH' || code === 'PROOF_LENGTH_WRONG', code);
  }
  assert.equal(city.read(at(anchorHeadKind, shard.id))?.size, 5);
});

test('a shard that lost its operator’s account anchors no more', () => {
  const { city, shard } = withShard(1);
  assert.equal(city.decide('account/close', { account: namedId('telemetry') }), 'OK');
  assert.equal(shard.anchor(), 'ACCOUNT_CLOSED');
});

test('the newest 1,024 anchors are kept, the older ones forgotten one by one', () => {
  const { city, shard } = withShard(1);
  const kept = LIMITS.anchorHistoryCount;
  const sizes = () => city.scan(anchorKind, shard.id).map(({ segments }) => segments[1]);
  const transactions: Uint8Array[] = [];
  for (const changes of growingHeads(shard, kept + 2)) {
    transactions.push(
      city.transaction('telemetry', [city.action('telemetry/anchor', { shard: shard.id, sensors: [], ...changes })]),
    );
  }
  for (const outcome of city.block(transactions).outcomes)
    assert.equal('executed' in outcome ? outcome.executed.code : outcome.refused.code, 'OK');
  assert.equal(sizes().length, kept);
  assert.deepEqual([sizes()[0], sizes().at(-1)], [3, kept + 2]);
  assert.equal(city.scan(anchorOrderKind, shard.id).length, kept);
  assert.equal(city.read(at(anchorHeadKind, shard.id))?.anchorCount, kept + 2);
});

/** Signed heads of sizes 1 … count of one log, each with its proof from the one before; every node is hashed once. */
function growingHeads({ signer, origin }: TestShard, count: number) {
  const known = new Map<string, Uint8Array>();
  const hash = (level: number, index: number): Uint8Array => {
    const place = `${level} ${index}`;
    const [left, right] = [2 * index, 2 * index + 1];
    const made =
      known.get(place) ??
      (level === 0
        ? leafHash(nodeCrypto, namedId(`entry ${index}`))
        : nodeHash(nodeCrypto, hash(level - 1, left), hash(level - 1, right)));
    known.set(place, made);
    return made;
  };
  return Array.from({ length: count }, (_, n) => {
    const checkpoint = signCheckpoint(nodeCrypto, signer, { origin, size: n + 1, root: treeRoot(nodeCrypto, hash, n + 1) });
    return { checkpoint, consistency: n === 0 ? [] : proveConsistency(nodeCrypto, hash, n, n + 1) };
  });
}

test('however a log grows, its heads anchor in order, and the last anchored size only rises', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(steps, (growth) => {
      const { city, shard } = withShard();
      for (const [n, count] of growth.entries()) {
        shard.keep(...entries(`step ${n}`, count));
        const before = city.read(at(anchorHeadKind, shard.id))?.size ?? 0;
        if (shard.log.size === 0) continue;
        assert.equal(shard.anchor(), count === 0 ? 'ANCHOR_NOT_NEWER' : 'OK');
        assert.equal(city.read(at(anchorHeadKind, shard.id))?.size, before + count);
      }
    }),
    { numRuns: 20 },
  );
});
