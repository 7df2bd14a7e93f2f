import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import fc from 'fast-check';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { makeDeviceCity, TestShard } from '../../../../test/support/devices.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { MemoryLog } from '../../../../test/support/memory-log.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

const entries = (label: string, count: number) => Array.from({ length: count }, (_, n) => namedId(`${label} ${n}`));

/** A shard that anchored sizes 4 and 7 of its log, and a second log that shares the first 3 entries with it. */
function makeFork() {
  const city = makeDeviceCity();
  const shard = new TestShard(city);
  shard.keep(...entries('entry', 4));
  assert.equal(shard.anchor(), 'OK');
  shard.keep(...entries('more', 3));
  assert.equal(shard.anchor(), 'OK');
  const other = new MemoryLog([...shard.log.entries.slice(0, 3), ...entries('other', 6)]);
  const report = (body: object, by = 'rival') => city.act(by, 'telemetry/report-fork', { shard: shard.id, ...body });
  return { city, shard, other, report };
}

/** Says that `log` at `size1`, before `size2`, has this root. */
const prefix = (log: MemoryLog, size1: number, size2: number) => ({
  root: log.root(size1),
  consistency: size1 === size2 ? [] : log.consistency(size1, size2),
});

test('a signed head with another beginning than an anchored one freezes the shard', () => {
  const { city, shard, other, report } = makeFork();
  assert.equal(report({ later: { note: shard.note(9, other) }, earlier: { anchored: 4 }, ...prefix(other, 4, 9) }), 'OK');
  const { status, to } = city.read(at(shardKind, shard.id))!;
  assert.deepEqual([status, to], ['frozen', city.height]);
  assert.deepEqual(city.event('shard/frozen')?.get('shard'), shard.id);
  shard.keep(namedId('one more'));
  assert.equal(shard.anchor(), 'SHARD_FROZEN');
  assert.equal(city.act('operator', 'shard/retire', { id: shard.id, reason: 'to hide it' }), 'SHARD_FROZEN');
});

test('every kind of contradiction is proven', () => {
  const reports: Readonly<Record<string, (fork: ReturnType<typeof makeFork>) => object>> = {
    'two signed roots of one size': ({ shard, other }) => ({
      later: { note: shard.note(6, other) },
      earlier: { note: shard.note(6) },
      ...prefix(other, 6, 6),
    }),
    'a signed root beside the anchored one of its size': ({ shard, other }) => ({
      later: { note: shard.note(7, other) },
      earlier: { anchored: 7 },
      ...prefix(other, 7, 7),
    }),
    'two signed heads of different size': ({ shard, other }) => ({
      later: { note: shard.note(9, other) },
      earlier: { note: shard.note(5) },
      ...prefix(other, 5, 9),
    }),
    'a signed head that was never a beginning of an anchored one': ({ shard, other }) => ({
      later: { anchored: 7 },
      earlier: { note: shard.note(5, other) },
      ...prefix(shard.log, 5, 7),
    }),
    'a head that witnesses cosigned': ({ shard, other }) => {
      const note = shard.note(7, other);
      const text = `${new TextDecoder().decode(note).split('\n\n')[0]}\n`;
      const cosigned = addSignatures(note, [cosignCheckpoint(nodeCrypto, namedSigner('witness'), 'witness', text, 1)]);
      return { later: { note: cosigned }, earlier: { anchored: 4 }, ...prefix(other, 4, 7) };
    },
  };
  for (const [why, make] of Object.entries(reports)) {
    const fork = makeFork();
    assert.equal(fork.report(make(fork)), 'OK', why);
    assert.equal(fork.city.read(at(shardKind, fork.shard.id))?.status, 'frozen', why);
  }
});

test('a fork of a retired shard is still reported; it stays retired since then', () => {
  const { city, shard, other, report } = makeFork();
  assert.equal(city.act('operator', 'shard/retire', { id: shard.id, reason: 'moved' }), 'OK');
  const retired = city.height;
  assert.equal(report({ later: { note: shard.note(9, other) }, earlier: { anchored: 4 }, ...prefix(other, 4, 9) }), 'OK');
  const { status, to } = city.read(at(shardKind, shard.id))!;
  assert.deepEqual([status, to], ['frozen', retired]);
});

test('telemetry/report-fork is refused, in this order', () => {
  const { city, shard, other, report } = makeFork();
  const good = { later: { note: shard.note(9, other) }, earlier: { anchored: 4 }, ...prefix(other, 4, 9) };
  assert.equal(city.decide('telemetry/report-fork', { shard: shard.id, ...good }), 'NOT_AUTHORIZED');
  assert.equal(report({ ...good, shard: namedId('nothing') }), 'SHARD_UNKNOWN');
  const foreign = { origin: `${shard.origin}0`, size: 9, root: other.root() };
  for (const side of ['later', 'earlier'] as const) {
    const change = (head: object) => report({ ...good, [side]: head });
    assert.equal(change({}), 'WRONG_TYPE');
    assert.equal(change({ note: shard.note(9, other), anchored: 4 }), 'WRONG_TYPE');
    assert.equal(change({ note: encodeUtf8('no note') }), 'TEXT_INVALID');
    assert.equal(change({ note: signCheckpoint(nodeCrypto, shard.signer, foreign) }), 'SHARD_ORIGIN_WRONG');
    const stranger = signCheckpoint(nodeCrypto, namedSigner('stranger'), { ...foreign, origin: shard.origin });
    assert.equal(change({ note: stranger }), 'SIGNATURE_INVALID');
    assert.equal(change({ anchored: 5 }), 'ANCHOR_UNKNOWN');
  }
  assert.equal(report({ ...good, later: { note: shard.note(3, other) } }), 'NUMBER_RANGE', 'the later one is smaller');
  assert.equal(report({ ...good, consistency: [] }), 'PROOF_LENGTH_WRONG');
  assert.equal(report({ ...good, root: namedId('root') }), 'ROOT_MISMATCH');
  assert.equal(report({ ...good, later: { anchored: 7 }, ...prefix(shard.log, 4, 7) }), 'FORK_UNPROVEN');
  assert.equal(city.read(at(shardKind, shard.id))?.status, 'active');
  assert.equal(report(good), 'OK');
  assert.equal(report(good), 'SHARD_FROZEN');
});

test('no report is true of a shard that keeps one log', () => {
  const { shard, other, report, city } = makeFork();
  const honest = shard.log;
  const size = fc.integer({ min: 1, max: 7 });
  const head = fc.oneof(
    size.map((n) => ({ size: n, head: { note: shard.note(n) } })),
    fc.constantFrom(4, 7).map((n) => ({ size: n, head: { anchored: n } })),
  );
  const log = fc.constantFrom(honest, other);
  fc.assert(
    fc.property(head, head, log, size, size, log, (later, earlier, from, size1, size2, rootOf) => {
      const { consistency } = prefix(from, Math.min(size1, size2), Math.max(size1, size2));
      const roots = [rootOf.root(earlier.size), rootOf.root(size1)];
      const proofs = [consistency, prefix(from, Math.min(earlier.size, later.size), later.size).consistency];
      for (const root of roots)
        for (const proof of proofs)
          assert.notEqual(report({ later: later.head, earlier: earlier.head, root, consistency: proof }), 'OK');
    }),
    { numRuns: 60 },
  );
  assert.equal(city.read(at(shardKind, shard.id))?.status, 'active');
});
