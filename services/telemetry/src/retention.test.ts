import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { foundTestCity, inTemporaryFolder, type RunningCity, runCity } from '../../../test/support/running-city.ts';
import { anchoredUpTo, createMake, enrolDevice, startShard } from '../../../test/support/running-shard.ts';
import type { OpenShard } from './open-shard.ts';
import { readRetention, writeRetention } from './retention.ts';

const DAY_MS = 86_400_000;
const LATER_MS = 500 * DAY_MS;

function runProgram(name: string, ...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const program = join(import.meta.dirname, `${name}.ts`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

const show = (data: string, ...args: string[]) =>
  JSON.parse(runProgram('retention-main', 'show', '--data', data, ...args).stdout);

async function verdictOf(city: RunningCity, shard: OpenShard, digest: Bytes, held?: Bytes): Promise<string> {
  const evidence = encodeEvidence(await shard.client.evidence(digest, held));
  return verifyEvidence(crypto, evidence, { policy: parsePolicy(crypto, city.client.policyFile()) }).verdict;
}

test('past their retention envelopes are gone, proofs stay, and whoever kept an envelope proves it', () =>
  inTemporaryFolder(async (data) => {
    const city = await runCity(await foundTestCity(data));
    let shard = await startShard(city);
    const [lamp, badge] = [await enrolDevice(city), await enrolDevice(city, await createMake(city, { personal: true }))];
    const sent = [1, 2, 3].map((sequence) => lamp.sign(sequence));
    const [personal, erased] = [badge.sign(1), badge.sign(2)];
    const receipts = await Promise.all([...sent, personal].map((envelope) => shard.client.ingest(envelope)));
    assert.equal((await shard.client.ingest(lamp.sign(2, { timeS: 1 + Math.floor(Date.now() / 1_000) }))).kind, 'refused');
    assert.equal(shard.clones().length, 1);
    assert.equal((await shard.client.ingest(erased)).kind, 'kept');
    const other = await enrolDevice(city, await createMake(city, { personal: true, name: 'Badge 2' }));
    assert.equal((await shard.client.ingest(other.sign(1))).kind, 'kept');
    const otherKey = join(data, 'shards', '0', 'subject-keys', `${toHex(other.id)}.key`);
    await anchoredUpTo(shard, 5);
    await shard.erase(badge.id, 'request');
    const digests = sent.map((envelope) => crypto.sha256(envelope));
    await writeRetention(data, { rawDays: 400 });
    await shard.close();
    assert.deepEqual(show(data).shards, [{ ...show(data).shards[0], number: 0, entries: 6, retired: 0, due: 0 }]);

    const open = (): Promise<OpenShard> =>
      startShard(city, { clock: () => Date.now() + LATER_MS, retention: { data, intervalMs: 10 } });
    shard = await open();
    while (shard.client.readings(0, 6).some(({ envelope }) => envelope !== null)) await sleep(10);
    assert.deepEqual(show(data).shards[0], { number: 0, entries: 6, retired: 6, due: 0, oldestMs: null });
    const late = lamp.sign(9, { timeS: Math.floor((Date.now() + LATER_MS) / 1_000) });
    assert.equal((await shard.client.ingest(late)).kind, 'kept');
    for (const restart of [false, true]) {
      if (restart) {
        await shard.close();
        shard = await open();
      }
      assert.equal(shard.client.reading(digests[0]!)?.envelope, null);
      assert.deepEqual(shard.clones(), [], 'with its first reading a clone can no longer be proven');
      await assert.rejects(shard.client.evidence(digests[0]!), { code: 'ENVELOPE_RETIRED' });
      await assert.rejects(shard.client.evidence(digests[0]!, sent[1]), { code: 'ENVELOPE_FOREIGN' });
      assert.equal(await verdictOf(city, shard, digests[0]!, sent[0]), 'OK');
      assert.equal(await verdictOf(city, shard, crypto.sha256(erased)), 'ERASED', 'an erasure stays provable');
      assert.deepEqual(shard.client.reading(crypto.sha256(late))?.envelope, late, 'what is not due is there');
      assert.deepEqual(await shard.client.ingest(sent[0]!), receipts[0], 'the same receipt, whatever became of the envelope');
      assert.equal(shard.client.readings(0, 10).length, 7);
    }
    // Nothing of it is left to erase here, and its key would still open an older copy of the vault.
    assert.ok(existsSync(otherKey));
    await assert.rejects(shard.erase(other.id, 'request'), { code: 'READING_UNKNOWN' });
    assert.ok(!existsSync(otherKey));
    await shard.close();
    await city.stop();
    const vault = readFileSync(join(data, 'shards', '0', 'vault', 'data.mdb'));
    assert.ok(vault.includes(Buffer.from(digests[0]!)));
    const { code, stdout } = runProgram('fsck-main', '--data', data);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /past their retention/);
  }));

describe('the setting', () => {
  test('is kept and read; without it envelopes are kept for ever', () =>
    inTemporaryFolder(async (data) => {
      const city = await runCity(await foundTestCity(data));
      await city.stop();
      assert.deepEqual(readRetention(data), { rawDays: null });
      assert.equal(runProgram('retention-main', 'set', '--data', data, '--days', '400').code, 0);
      assert.deepEqual(
        [readRetention(data), show(data).rawDays, show(data, '--days', '7').rawDays],
        [{ rawDays: 400 }, 400, 400],
      );
      assert.equal(runProgram('retention-main', 'set', '--data', data, '--days', 'forever').code, 0);
      assert.deepEqual(readRetention(data), { rawDays: null });
      for (const days of ['0', '-1', '1.5', 'x', '36501'])
        assert.equal(runProgram('retention-main', 'set', '--data', data, '--days', days).code, 2, days);
      assert.equal(runProgram('retention-main', 'show', '--data', join(data, 'nowhere')).code, 1);
      assert.ok(!existsSync(join(data, 'nowhere')));
      for (const text of ['', '{', '{}', '{"rawDays":"400"}', '{"rawDays":0}']) {
        writeFileSync(join(data, 'retention.json'), text);
        assert.throws(() => readRetention(data), { code: 'RETENTION_INVALID' }, text);
      }
    }));
});
