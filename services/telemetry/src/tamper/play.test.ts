import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import type { ErrorCode } from '@oppidum/formats/errors';
import { parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { Verdict } from '@oppidum/formats/verdicts';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { checkFork } from '@oppidum/proofs/verify-fork';
import { verifyReceipt } from '@oppidum/proofs/verify-receipt';
import { checkFolder, copyCity } from '../../../../test/support/damaged-city.ts';
import { freshBytes } from '../../../../test/support/running-city.ts';
import type { Alteration, Depth } from './alterations.ts';
import { copyCity as takeCopy } from './copy-city.ts';
import { openCopy } from './open-copy.ts';
import { type Played, type PlayOptions, play } from './play.ts';

const root = mkdtempSync(join(tmpdir(), 'oppidum-tamper-test-'));
after(() => rmSync(root, { recursive: true, force: true }));
const data = copyCity();
const policy = parseCityPolicy(crypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
/** Of a lamp, in a group with many others; what follows has badges, an erasure and further anchors. */
const INDEX = 100;
const reading = await digestAt(INDEX);
let desks = 0;

async function digestAt(index: number): Promise<Bytes> {
  const folder = copyCity();
  const city = await openCopy({ folder, crypto, randomBytes: freshBytes });
  const digest = city.shards[0]?.vault.entry(index)?.digest as Bytes;
  await city.close();
  rmSync(folder, { recursive: true });
  return digest;
}

function game(changes: Partial<PlayOptions>): PlayOptions {
  const limits = { sizeMax: 2 ** 30, blockCountMax: 1_000, freeMin: 0 };
  const place = { data, desk: join(root, String(desks++)), reading };
  const rest = { crypto, value: null, nowMs: Date.now(), randomBytes: freshBytes, say: () => undefined };
  return { ...place, ...limits, ...rest, what: 'alter', depth: 'bytes', ...changes };
}

/** Path, size and digest of every file; what holds a lock says nothing. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile() && !name.endsWith('lock.mdb'))
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    );
}

type Expected = {
  /** All codes that fsck finds. */
  readonly fsck: readonly ErrorCode[];
  /** Of what the operator serves now: a verdict, or the code with which it makes nothing. */
  readonly served: Verdict | ErrorCode;
  readonly city: 'OK' | ErrorCode;
  readonly shard: 'OK' | ErrorCode;
};

const CONFLICT = 'WITNESS_CONFLICT';
/** What is done, how deep, and who finds what. The erased entry of this city stands behind the dropped one, so its number is wrong then. */
const CASES: readonly (readonly [what: Alteration, depth: Depth, expected: Expected])[] = [
  ['alter', 'bytes', { fsck: ['ENTRY_DAMAGED'], served: 'NOT_IN_LOG', city: 'OK', shard: 'OK' }],
  ['alter', 'shard', { fsck: ['ENTRY_DAMAGED', 'LAST_SIGNED_CONFLICT'], served: 'NOT_IN_LOG', city: 'OK', shard: CONFLICT }],
  ['alter', 'city', { fsck: ['ENTRY_DAMAGED'], served: 'SIGNATURE_INVALID', city: CONFLICT, shard: CONFLICT }],
  ['drop', 'bytes', { fsck: ['ENTRY_DAMAGED'], served: 'READING_UNKNOWN', city: 'OK', shard: 'OK' }],
  [
    'drop',
    'shard',
    { fsck: ['ERASURE_DAMAGED', 'LAST_SIGNED_CONFLICT'], served: 'READING_UNKNOWN', city: 'OK', shard: CONFLICT },
  ],
  ['drop', 'city', { fsck: ['ERASURE_DAMAGED'], served: 'READING_UNKNOWN', city: CONFLICT, shard: CONFLICT }],
  ['reorder', 'bytes', { fsck: ['ENTRY_DAMAGED'], served: 'NOT_IN_LOG', city: 'OK', shard: 'OK' }],
  ['reorder', 'shard', { fsck: ['LAST_SIGNED_CONFLICT'], served: 'NOT_IN_LOG', city: 'OK', shard: CONFLICT }],
  ['reorder', 'city', { fsck: [], served: 'OK', city: CONFLICT, shard: CONFLICT }],
  ['checkpoint', 'bytes', { fsck: ['CHECKPOINT_DAMAGED'], served: 'SIGNATURE_INVALID', city: 'WITNESS_REFUSED', shard: 'OK' }],
  ['checkpoint', 'city', { fsck: ['CHECKPOINT_DAMAGED'], served: 'NOT_IN_LOG', city: CONFLICT, shard: 'OK' }],
];

describe('the tamper desk', () => {
  for (const [what, depth, expected] of CASES) {
    test(`${what}, as deep as ${depth}: fsck finds ${expected.fsck.join(', ') || 'nothing'}, evidence is ${expected.served}`, async () => {
      const before = filesOf(data);
      const options = game({ what, depth });
      const played = await play(options);
      const { damages } = await checkFolder(join(options.desk, 'city'));
      assert.deepEqual([...new Set(damages.map(({ code }) => code))].sort(), expected.fsck, JSON.stringify(damages.slice(0, 4)));
      const { now, heads, evidence } = played;
      const served = now.file === null ? now.refusal?.code : verifyEvidence(crypto, now.file, { policy }).verdict;
      assert.equal(served, expected.served);
      assert.deepEqual(
        heads.map(({ witness }) => witness.code),
        [expected.city, expected.shard],
      );
      assert.equal(verifyEvidence(crypto, evidence, { policy }).verdict, 'OK', 'who had evidence before still has it');
      for (const { key, fork, witness } of heads) {
        const isProven = fork !== null && checkFork(crypto, key, fork) === null;
        assert.equal(isProven, witness.code === CONFLICT, 'whoever told two stories is convicted by both');
      }
      assert.equal(receiptIndex(played), INDEX);
      assert.deepEqual(filesOf(data), before, 'of the city itself nothing is written');
      rmSync(options.desk, { recursive: true });
    });
  }

  test('a copy is the city, and clean', async () => {
    const to = join(root, 'copy', 'city');
    await takeCopy({ data, to, crypto, nowMs: 0, randomBytes: freshBytes, sizeMax: 2 ** 30, freeMin: 0 });
    assert.deepEqual((await checkFolder(to)).damages, []);
    const seeds = readdirSync(join(to, 'keys')).map((name) => statSync(join(to, 'keys', name)).mode & 0o777);
    assert.deepEqual(new Set(seeds), new Set([0o600]));
  });

  test('what cannot be played is refused', async () => {
    const refusals: readonly (readonly [ErrorCode, Partial<PlayOptions>])[] = [
      ['READING_UNKNOWN', { reading: new Uint8Array(32) }],
      ['PERSONAL_DATA', { reading: await digestAt(283) }],
      ['DESK_TOO_LARGE', { sizeMax: 1_000 }],
      ['DESK_TOO_LARGE', { freeMin: 2 ** 52 }],
      ['DESK_TOO_LARGE', { depth: 'city', blockCountMax: 3 }],
      ['REQUEST_INVALID', { what: 'checkpoint', depth: 'shard' }],
      ['REQUEST_INVALID', { value: 40.5 }],
    ];
    for (const [code, changes] of refusals) await assert.rejects(play(game(changes)), { code });
  });

  test('an altered value is the one that was asked for', async () => {
    const played = await play(game({ value: -3.25 }));
    const [record] = parseReadingRecords(parseReading(crypto, played.after as Bytes));
    assert.equal(record?.value, -3.25);
    assert.deepEqual(
      played.changes.map(({ place }) => place),
      [`shards/0/vault/envelopes ${INDEX}`],
    );
    assert.equal(toHex(crypto.sha256(played.before)), toHex(reading));
  });
});

function receiptIndex({ receipt, shard, receiptKey }: Played): number | undefined {
  const leaf = verifyReceipt(crypto, receipt, { shard, receiptKey });
  return 'code' in leaf ? undefined : leaf.index;
}
