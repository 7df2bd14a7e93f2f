import assert from 'node:assert/strict';
import { cpSync, existsSync, linkSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { parseReading } from '@oppidum/formats/reading';
import type { Report } from '@oppidum/proofs/report';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { foundTestCity, freshBytes, inTemporaryFolder, type RunningCity, runCity } from '../../../test/support/running-city.ts';
import {
  anchoredUpTo,
  createMake,
  enrolDevice,
  startShard,
  type TestDevice,
  type TestMake,
} from '../../../test/support/running-shard.ts';
import type { OpenShard } from './open-shard.ts';
import { SubjectKeys } from './subject-keys.ts';
import { Vault } from './vault.ts';

/** A word that stands in every personal reading here, and so must stand in no file. */
const SECRET = 'heart-rate-of-resident-4711';

async function withCity(use: (city: RunningCity, folder: string, make: TestMake) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (path) => {
    const city = await runCity(await foundTestCity(path));
    try {
      await use(city, city.folder.paths.shard(0), await createMake(city, { personal: true, name: 'Badge 1' }));
    } finally {
      await city.stop();
    }
  });
}

const personal = (device: TestDevice, sequence: number): Bytes => device.sign(sequence, { records: [{ n: SECRET, v: 61 }] });

async function keep(shard: OpenShard, ...envelopes: readonly Bytes[]): Promise<Bytes[]> {
  const answers = await Promise.all(envelopes.map((envelope) => shard.client.ingest(envelope)));
  for (const { kind } of answers) assert.equal(kind, 'kept');
  const digests = envelopes.map((envelope) => crypto.sha256(envelope));
  await anchoredUpTo(shard, shard.client.status().size - 1);
  return digests;
}

async function verify(city: RunningCity, shard: OpenShard, digest: Bytes): Promise<Report> {
  const evidence = encodeEvidence(await shard.client.evidence(digest));
  return verifyEvidence(crypto, evidence, { policy: parsePolicy(crypto, city.client.policyFile()) });
}

/** Files under a folder whose bytes hold the word. */
function filesWith(folder: string, word: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(word))
    .map(({ name }) => name);
}

describe('readings about people', () => {
  test('lie in no file in the clear, are given back in full, and prove as others do', () =>
    withCity(async (city, folder, make) => {
      const shard = await startShard(city);
      const [badge, lamp] = [await enrolDevice(city, make), await enrolDevice(city)];
      const envelope = personal(badge, 1);
      const [digest] = await keep(shard, envelope, lamp.sign(1, { records: [{ n: 'public-word', v: 1 }] }));
      assert.deepEqual(shard.client.reading(digest!)?.envelope, envelope);
      assert.equal((await verify(city, shard, digest!)).verdict, 'OK');
      await shard.close();
      assert.deepEqual(filesWith(city.folder.paths.folder, 'public-word'), ['data.mdb'], 'the search finds what is there');
      assert.deepEqual(filesWith(city.folder.paths.folder, SECRET), []);
      const key = join(folder, 'subject-keys', `${toHex(badge.id)}.key`);
      assert.deepEqual([statSync(key).mode & 0o777, statSync(join(folder, 'subject-keys')).mode & 0o777], [0o600, 0o700]);
      const again = await startShard(city);
      assert.deepEqual(again.client.reading(digest!)?.envelope, envelope);
      await again.close();
    }));

  test('once erased are ERASED for everybody, with proof; the rest of the log stands', () =>
    withCity(async (city, folder, make) => {
      let shard = await startShard(city);
      const [badge, other, lamp] = [await enrolDevice(city, make), await enrolDevice(city, make), await enrolDevice(city)];
      const erased = [...(await keep(shard, personal(badge, 1), personal(badge, 2))), ...(await keep(shard, personal(badge, 3)))];
      const [untouched, open] = await keep(shard, personal(other, 1), lamp.sign(1));
      // A clone that is about somebody: refused, remembered, reported to nobody, and erased along.
      assert.equal((await shard.client.ingest(badge.sign(3))).kind, 'refused');
      assert.deepEqual(
        shard.clones().map(({ report }) => report),
        [null],
      );
      const { id } = shard.client.status();
      const backup = `${folder}-backup`;
      cpSync(join(folder, 'vault'), backup, { recursive: true });

      const { count } = await shard.erase(badge.id, 'consent-withdrawn');
      assert.equal(count, 3);
      assert.ok(!existsSync(join(folder, 'subject-keys', `${toHex(badge.id)}.key`)));
      assert.deepEqual(shard.clones(), []);
      for (const restart of [false, true]) {
        if (restart) {
          await shard.close();
          shard = await startShard(city);
        }
        for (const digest of erased) {
          assert.equal(shard.client.reading(digest)?.envelope, null);
          const report = await verify(city, shard, digest);
          assert.equal(report.verdict, 'ERASED', JSON.stringify(report.steps.at(-1)));
          assert.equal(report.facts['legalBasis'], 'consent-withdrawn');
        }
        for (const digest of [untouched!, open!]) assert.equal((await verify(city, shard, digest)).verdict, 'OK');
      }
      await assert.rejects(shard.erase(badge.id, 'request'), { code: 'READING_UNKNOWN' });

      // What the device sends afterwards is kept under a fresh key, and can be erased on its own.
      const [late] = await keep(shard, personal(badge, 4));
      assert.equal((await verify(city, shard, late!)).verdict, 'OK');
      assert.equal((await shard.erase(badge.id, 'request')).count, 1);
      assert.equal((await verify(city, shard, late!)).facts['legalBasis'], 'request');
      await shard.close();

      // A copy of the vault gives nothing back: what it holds is sealed, and the key is gone.
      const copy = await Vault.open(backup, id);
      const keys = await SubjectKeys.open({ folder: join(folder, 'subject-keys'), crypto, randomBytes: freshBytes });
      for (const digest of erased) {
        const entry = copy.entry(copy.indexOf(digest)!)!;
        assert.equal(entry.form, 'sealed');
        assert.equal(keys.open(digest, entry.data), null);
      }
      await copy.close();
    }));

  test('a key is written over where it lies; what a crash left of that is no key, and is destroyed at the next opening', () =>
    inTemporaryFolder(async (folder) => {
      const open = (): Promise<SubjectKeys> => SubjectKeys.open({ folder, crypto, randomBytes: freshBytes });
      const [first, second] = [freshBytes(32), freshBytes(32)];
      const keys = await open();
      const file = (device: Bytes): string => join(folder, `${toHex(device)}.key`);
      for (const device of [first, second]) await keys.provide(device);
      linkSync(file(first), join(folder, 'other-name'));
      await keys.destroy(first);
      assert.deepEqual(new Uint8Array(readFileSync(join(folder, 'other-name'))), new Uint8Array(65));
      const digest = freshBytes(32);
      const sealed = keys.seal(second, digest, encodeUtf8(SECRET));
      // Killed between setting aside and writing over.
      renameSync(file(second), `${file(second)}.destroyed`);
      linkSync(`${file(second)}.destroyed`, join(folder, 'third-name'));
      assert.equal((await open()).open(digest, sealed), null);
      assert.deepEqual(readdirSync(folder).sort(), ['other-name', 'third-name']);
      assert.deepEqual(new Uint8Array(readFileSync(join(folder, 'third-name'))), new Uint8Array(65));
    }));

  test('leave nothing from which what they said can be guessed, neither before nor after; what was answered stays answered', () =>
    withCity(async (city, folder, make) => {
      const shard = await startShard(city);
      const badge = await enrolDevice(city, make);
      const [envelope, again, foreign] = [{}, {}, { payload: encodeUtf8('no SenML') }].map((options) =>
        badge.sign(1, { timeS: 1_790_000_000, ...options }),
      ) as [Bytes, Bytes, Bytes];
      await keep(shard, envelope);
      const answers = await Promise.all([envelope, again].map((sent) => shard.client.ingest(sent)));
      assert.deepEqual(answers[0], answers[1], 'other random bytes over the same payload are the same reading');
      assert.equal((await shard.client.ingest(badge.sign(2, { payload: encodeUtf8('no SenML') }))).kind, 'refused');
      await shard.erase(badge.id, 'request');
      assert.deepEqual(await shard.client.ingest(envelope), answers[0], 'the same receipt, whatever became of the reading');
      await shard.close();

      const data = readFileSync(join(folder, 'vault', 'data.mdb'));
      assert.ok(data.includes(Buffer.from(crypto.sha256(envelope))), 'the entry is found');
      for (const sent of [envelope, foreign]) {
        const { payload } = parseReading(crypto, sent);
        assert.ok(!data.includes(Buffer.from(crypto.sha256(payload))), 'SHA-256 of a few values is no secret');
      }
    }));

  test('that the ledger did not hear of yet are erased all the same, and recorded at the next start', () =>
    withCity(async (city, _folder, make) => {
      let shard = await startShard(city, { erasureSigner: city.telemetry });
      const badge = await enrolDevice(city, make);
      const [digest] = await keep(shard, personal(badge, 1));
      await assert.rejects(shard.erase(badge.id, 'objection'), { code: 'NOT_AUTHORIZED' });
      assert.equal(shard.client.reading(digest!)?.envelope, null);
      await assert.rejects(shard.client.evidence(digest!), { code: 'NOT_ANCHORED' });
      await shard.close();
      const refusals: string[] = [];
      shard = await startShard(city, { erasureSigner: city.telemetry, onRefusal: ({ code }) => refusals.push(code) });
      await shard.close();
      assert.deepEqual(refusals, ['NOT_AUTHORIZED']);
      shard = await startShard(city);
      assert.equal((await verify(city, shard, digest!)).verdict, 'ERASED');
      await shard.close();
    }));

  test('cannot be erased without an account that may say so, nor what is not sealed', () =>
    withCity(async (city, _folder, make) => {
      const shard = await startShard(city, { erasureSigner: null });
      const badge = await enrolDevice(city, make);
      const [digest] = await keep(shard, personal(badge, 1));
      await assert.rejects(shard.erase(badge.id, 'request'), { code: 'NOT_AUTHORIZED' });
      assert.notEqual(shard.client.reading(digest!)?.envelope, null);
      await shard.close();
      const again = await startShard(city);
      const lamp = await enrolDevice(city);
      await keep(again, lamp.sign(1));
      await assert.rejects(again.erase(lamp.id, 'request'), { code: 'READING_UNKNOWN' });
      await again.close();
    }));
});

describe('keys of subjects', () => {
  const [device, digest] = [freshBytes(32), freshBytes(32)];
  const secret = encodeUtf8(SECRET);
  const open = (folder: string): Promise<SubjectKeys> => SubjectKeys.open({ folder, crypto, randomBytes: freshBytes });

  test('seal and open, also after a restart, and never twice alike', () =>
    inTemporaryFolder(async (folder) => {
      const keys = await open(folder);
      assert.throws(() => keys.seal(device, digest, secret), /provided/);
      await keys.provide(device);
      await keys.provide(device);
      const [sealed, other] = [keys.seal(device, digest, secret), keys.seal(device, digest, secret)];
      assert.notDeepEqual(sealed, other);
      assert.deepEqual((await open(folder)).open(digest, sealed), secret);
    }));

  test('altered or exchanged bytes are a fault, not a reading', () =>
    inTemporaryFolder(async (folder) => {
      const keys = await open(folder);
      await keys.provide(device);
      const sealed = keys.seal(device, digest, secret);
      assert.throws(() => keys.open(freshBytes(32), sealed), /authenticate/);
      for (const place of [48, 60, 76, sealed.length - 1])
        assert.throws(() => keys.open(digest, sealed.with(place, sealed[place]! ^ 1)), /authenticate/, `byte ${place}`);
    }));

  test('destroyed are destroyed; a fresh key opens nothing old', () =>
    inTemporaryFolder(async (folder) => {
      const keys = await open(folder);
      await keys.destroy(device);
      await keys.provide(device);
      const sealed = keys.seal(device, digest, secret);
      await keys.destroy(device);
      assert.deepEqual(readdirSync(folder), []);
      assert.equal(keys.open(digest, sealed), null);
      await keys.provide(device);
      assert.equal(keys.open(digest, sealed), null);
    }));

  test('that others could read are refused', { skip: process.platform === 'win32' && 'modes mean nothing here' }, () =>
    inTemporaryFolder(async (folder) => {
      const keys = await open(folder);
      writeFileSync(join(folder, `${toHex(device)}.key`), `${toHex(freshBytes(32))}\n`, { mode: 0o644 });
      await assert.rejects(keys.provide(device), { code: 'KEY_FILE_PERMISSIONS' });
    }),
  );
});
