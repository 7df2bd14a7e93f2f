import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, encodeBase64, parseBase64, toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { openDataFolder } from '@oppidum/node/data-folder';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { foundTestCity, freshBytes, inTemporaryFolder, type RunningCity, runCity } from '../../../test/support/running-city.ts';
import { anchoredUpTo, enrolDevice, startShard } from '../../../test/support/running-shard.ts';
import type { IngestAnswer } from './client.ts';
import { type OpenShard, openShard } from './open-shard.ts';

const CRASH_FOLDER = process.env['OPPIDUM_TEST_CRASH_FOLDER'];
const NEVER_MS = 2 ** 30;

/** Sends readings as fast as they are acknowledged and says what was: envelope and receipt. */
async function ingestUntilKilled(path: string): Promise<void> {
  const city = await runCity(await openDataFolder({ folder: path, crypto }));
  const shard = await startShard(city);
  const lamp = await enrolDevice(city);
  process.stdout.write('open\n');
  for (let sequence = 1; ; sequence += 5) {
    const envelopes = Array.from({ length: 5 }, (_, i) => lamp.sign(sequence + i));
    const answers = await Promise.all(envelopes.map((envelope) => shard.client.ingest(envelope)));
    for (const [i, answer] of answers.entries()) {
      const receipt = answer.kind === 'passing' ? new Uint8Array(0) : answer.receipt;
      process.stdout.write(`${encodeBase64(envelopes[i]!)} ${encodeBase64(receipt)}\n`);
    }
  }
}

type Acknowledged = { readonly envelope: Bytes; readonly receipt: Bytes };

/** Runs a child on the folder and kills it when it has said so many lines. */
async function killAfter(path: string, lineCount: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [import.meta.filename], {
    env: { ...process.env, OPPIDUM_TEST_CRASH_FOLDER: path, NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    if (output.split('\n').length > lineCount) child.kill('SIGKILL');
  });
  await new Promise((done) => child.on('close', done));
  // The last line may be cut off.
  const lines = output.split('\n').slice(1, -1);
  return lines.map((line) => {
    const [envelope, receipt] = line.split(' ').map(parseBase64) as [Bytes, Bytes];
    return { envelope, receipt };
  });
}

async function ingestKept(shard: OpenShard, envelope: Bytes): Promise<Extract<IngestAnswer, { kind: 'kept' }>> {
  const answer = await shard.client.ingest(envelope);
  assert.ok(answer.kind === 'kept', JSON.stringify(answer));
  return answer;
}

async function assertProven(city: RunningCity, shard: OpenShard, digest: Bytes): Promise<void> {
  const evidence = encodeEvidence(await shard.client.evidence(digest));
  const report = verifyEvidence(crypto, evidence, { policy: parsePolicy(crypto, city.client.policyFile()) });
  assert.equal(report.verdict, 'OK', JSON.stringify(report.steps.at(-1)));
  assert.equal(report.facts['id'], toHex(digest));
}

async function withCity(use: (city: RunningCity, folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (path) => {
    const city = await runCity(await foundTestCity(path));
    try {
      await use(city, city.folder.paths.shard(0));
    } finally {
      await city.stop();
    }
  });
}

if (CRASH_FOLDER !== undefined) await ingestUntilKilled(CRASH_FOLDER);
else
  describe('the files of a shard', () => {
    test('killed at any point: every acknowledged reading is kept, with the same receipt, and can be proven', () =>
      inTemporaryFolder(async (path) => {
        (await foundTestCity(path)).release();
        const acknowledged: Acknowledged[] = [];
        for (const lineCount of [1, 2, 40, 333]) {
          acknowledged.push(...(await killAfter(path, lineCount)));
          const city = await runCity(await openDataFolder({ folder: path, crypto }));
          const shard = await startShard(city);
          for (const { envelope, receipt } of acknowledged) {
            const answer = await ingestKept(shard, envelope);
            assert.deepEqual(answer.receipt, receipt, 'the same receipt');
            assert.deepEqual(shard.client.reading(answer.digest)?.envelope, envelope);
          }
          const { size } = shard.client.status();
          assert.equal(shard.client.readings(0, size + 1).length, size, 'no gaps');
          if (size > 0) {
            await anchoredUpTo(shard, size - 1);
            for (const { digest } of [shard.client.readings(0, 1)[0]!, shard.client.readings(size - 1, 1)[0]!])
              await assertProven(city, shard, digest);
          }
          await shard.close();
          await city.stop();
        }
        assert.ok(acknowledged.length > 300, `only ${acknowledged.length} were acknowledged`);
      }));

    test('a restart resumes: what was kept and not anchored is anchored, from the size that the ledger has', () =>
      withCity(async (city) => {
        let shard = await startShard(city);
        const lamp = await enrolDevice(city);
        const first = await ingestKept(shard, lamp.sign(1));
        await anchoredUpTo(shard, first.index);
        await shard.close();
        shard = await startShard(city, { anchorIntervalMs: NEVER_MS, publishIntervalMs: NEVER_MS });
        await shard.close();
        for (let round = 2; round < 5; round++) {
          shard = await startShard(city);
          const answers = await Promise.all(
            [lamp.sign(2 * round), lamp.sign(2 * round + 1)].map((each) => ingestKept(shard, each)),
          );
          if (round % 2 === 0) await anchoredUpTo(shard, answers[1]!.index);
          await shard.close();
        }
        shard = await startShard(city);
        const { size } = shard.client.status();
        assert.equal(size, 7);
        await anchoredUpTo(shard, size - 1);
        for (const { digest } of shard.client.readings(0, size)) await assertProven(city, shard, digest);
        await shard.close();
      }));

    test('an anchor that the shard forgot is found on the ledger', () =>
      withCity(async (city, folder) => {
        let shard = await startShard(city);
        const lamp = await enrolDevice(city);
        const { index, digest } = await ingestKept(shard, lamp.sign(1));
        await shard.close();
        cpSync(join(folder, 'vault'), join(folder, 'before'), { recursive: true });
        shard = await startShard(city);
        await anchoredUpTo(shard, index);
        await shard.close();
        rmSync(join(folder, 'vault'), { recursive: true });
        cpSync(join(folder, 'before'), join(folder, 'vault'), { recursive: true });
        shard = await startShard(city);
        assert.equal(shard.client.status().anchored?.size, 1);
        await assertProven(city, shard, digest);
        await shard.close();
      }));

    test('the log is written anew from the vault', () =>
      withCity(async (city, folder) => {
        let shard = await startShard(city);
        const lamp = await enrolDevice(city);
        for (let sequence = 1; sequence <= 300; sequence += 100)
          await Promise.all(Array.from({ length: 100 }, (_, i) => ingestKept(shard, lamp.sign(sequence + i))));
        await anchoredUpTo(shard, 299);
        await shard.close();
        rmSync(join(folder, 'log', 'frontier'));
        rmSync(join(folder, 'log', 'tile'), { recursive: true });
        shard = await startShard(city);
        const { index, digest } = await ingestKept(shard, lamp.sign(301));
        await anchoredUpTo(shard, index);
        await assertProven(city, shard, digest);
        await shard.close();
      }));

    describe('that tell another story than what was signed or anchored are refused', () => {
      /** Keeps one reading of a fresh device, publishes it without anchoring, closes. */
      async function keepOne(city: RunningCity, options: { readonly isAnchored: boolean }): Promise<void> {
        const shard = await startShard(city, options.isAnchored ? {} : { anchorIntervalMs: NEVER_MS });
        const { index } = await ingestKept(shard, (await enrolDevice(city)).sign(1));
        while ((shard.client.checkpoint()?.size ?? 0) <= index) await sleep(1);
        if (options.isAnchored) await anchoredUpTo(shard, index);
        await shard.close();
      }

      /** Puts a copy in the place of a folder or file. */
      function replace(path: string, by: string): void {
        rmSync(path, { recursive: true, force: true });
        cpSync(by, path, { recursive: true });
      }

      test('a folder restored from a backup, when more was anchored since', () =>
        withCity(async (city, folder) => {
          await keepOne(city, { isAnchored: true });
          cpSync(folder, `${folder}-backup`, { recursive: true });
          await keepOne(city, { isAnchored: true });
          replace(folder, `${folder}-backup`);
          await assert.rejects(startShard(city), { code: 'LAST_SIGNED_CONFLICT' });
        }));

      test('a fork: the same size as the anchored head, another root', () =>
        withCity(async (city, folder) => {
          await keepOne(city, { isAnchored: true });
          cpSync(folder, `${folder}-base`, { recursive: true });
          await keepOne(city, { isAnchored: false });
          cpSync(folder, `${folder}-fork`, { recursive: true });
          replace(folder, `${folder}-base`);
          await keepOne(city, { isAnchored: true });
          replace(folder, `${folder}-fork`);
          await assert.rejects(startShard(city), { code: 'LAST_SIGNED_CONFLICT' });
        }));

      test('vault and log older than the record of what was signed last', () =>
        withCity(async (city, folder) => {
          await keepOne(city, { isAnchored: false });
          cpSync(folder, `${folder}-backup`, { recursive: true });
          await keepOne(city, { isAnchored: false });
          cpSync(join(folder, 'log', 'last-signed'), `${folder}-last-signed`);
          replace(folder, `${folder}-backup`);
          replace(join(folder, 'log', 'last-signed'), `${folder}-last-signed`);
          await assert.rejects(startShard(city), { code: 'LAST_SIGNED_CONFLICT' });
          rmSync(join(folder, 'log', 'last-signed'));
          await assert.rejects(startShard(city), { code: 'LAST_SIGNED_LOST' });
        }));

      test('a vault of another history than the log, or an older one', () =>
        withCity(async (city, folder) => {
          await keepOne(city, { isAnchored: false });
          cpSync(folder, `${folder}-base`, { recursive: true });
          await keepOne(city, { isAnchored: false });
          cpSync(folder, `${folder}-fork`, { recursive: true });
          replace(folder, `${folder}-base`);
          await keepOne(city, { isAnchored: false });
          replace(join(folder, 'vault'), join(`${folder}-fork`, 'vault'));
          await assert.rejects(startShard(city), { code: 'LOG_DAMAGED' });
          replace(join(folder, 'vault'), join(`${folder}-base`, 'vault'));
          await assert.rejects(startShard(city), { code: 'LAST_SIGNED_CONFLICT' });
        }));

      test('the folder of another shard, or keys that were not declared', () =>
        withCity(async (city, folder) => {
          await keepOne(city, { isAnchored: false });
          await withCity(async (other, otherFolder) => {
            await keepOne(other, { isAnchored: false });
            replace(join(folder, 'vault'), join(otherFolder, 'vault'));
            await assert.rejects(startShard(city), { code: 'DATA_FOLDER_FOREIGN' });
            replace(join(folder, 'keys', 'receipt.seed'), join(otherFolder, 'keys', 'receipt.seed'));
            await assert.rejects(startShard(city), { code: 'KEY_UNKNOWN' });
          });
          rmSync(join(folder, 'keys', 'receipt.seed'));
          await assert.rejects(startShard(city), { code: 'KEY_FILE_MISSING' });
        }));

      test('a number that nobody declared', () =>
        withCity(async (city, folder) => {
          const { client, telemetry } = city;
          const signers = { anchorSigner: telemetry, erasureSigner: null };
          const opening = openShard({ folder, number: 7, client, crypto, randomBytes: freshBytes, ...signers });
          await assert.rejects(opening, { code: 'SHARD_UNKNOWN' });
        }));
    });
  });
