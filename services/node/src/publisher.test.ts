import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { evaluatePolicy, refusalOf } from '@oppidum/formats/policy';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { CRASH_FOLDER, killAfter } from '../../../test/support/killed-child.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { readClaim, walkTiles } from '../../../test/support/tile-walk.ts';
import { LogSigner, writeFirstRecord } from './log-signer.ts';
import { CheckpointPublisher, type PublishedCheckpoint, type PublisherOptions } from './publisher.ts';
import { type LogHead, TileLog } from './tile-log.ts';

const origin = 'log.oppidum.example';
const logKey = namedSigner('log');
const cosignerKey = namedSigner('cosigner');
const policy = policyOfValidators(origin, [{ name: 'v1', logKey: logKey.publicKey, cosignerKey: cosignerKey.publicKey }]);
const entriesOf = (from: number, count: number): Bytes[] =>
  Array.from({ length: count }, (_, i) => encodeUtf8(`entry ${from + i}`));

type Parts = { readonly log: TileLog; readonly signer: LogSigner; readonly publisher: CheckpointPublisher };

async function openParts(folder: string, options: Partial<PublisherOptions> = {}): Promise<Parts> {
  const file = join(folder, 'last-signed');
  if (!existsSync(file)) await writeFirstRecord(file, origin, crypto);
  const log = TileLog.open({ folder, crypto });
  const cosigner = { name: 'v1', signer: cosignerKey, nowS: () => 1_700_000_000 };
  const signer = LogSigner.open({ file, origin, crypto, signer: logKey, cosigner });
  // The store would have all of these: what was signed was durable there.
  if (log.size < signer.last.size) log.append(entriesOf(log.size, signer.last.size - log.size));
  const sign = (head: LogHead): Promise<Bytes> => signer.sign(log, head);
  return { log, signer, publisher: new CheckpointPublisher({ log, sign, folder, intervalMs: 5, ...options }) };
}

/** Appends, persists, signs and publishes as fast as it can; says each published size. */
async function publishUntilKilled(folder: string): Promise<void> {
  const { log, publisher } = await openParts(folder, { intervalMs: 0 });
  publisher.onCheckpoint(({ size }) => process.stdout.write(`${size}\n`));
  process.stdout.write(`${publisher.latest()?.size ?? 0}\n`);
  for (;;) {
    log.append(entriesOf(log.size, 1 + (log.size % 97)));
    publisher.news();
    await new Promise(setImmediate);
  }
}

if (CRASH_FOLDER !== undefined) await publishUntilKilled(CRASH_FOLDER);
else {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  const makeFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'oppidum-publish-'));
    folders.push(folder);
    return folder;
  };

  describe('publisher', () => {
    test('what is appended is published: tiles, signatures, file, announcement', async () => {
      const folder = makeFolder();
      const { log, publisher } = await openParts(folder);
      assert.equal(publisher.latest(), null);
      const heard: PublishedCheckpoint[] = [];
      const stop = publisher.onCheckpoint((checkpoint) => {
        assert.deepEqual(new Uint8Array(readFileSync(join(folder, 'checkpoint'))), checkpoint.note, 'the file comes first');
        heard.push(checkpoint);
      });
      log.append(entriesOf(0, 300));
      await publisher.flush();
      assert.equal(walkTiles(folder, 300).toString('hex'), toHex(log.root()));
      const [first] = heard;
      assert.deepEqual(publisher.latest(), first);
      assert.equal(refusalOf(evaluatePolicy(crypto, policy, first!.note)), null);
      assert.deepEqual(parseCheckpointNote(first!.note).checkpoint, { origin, size: 300, root: log.root(), extensions: [] });
      stop();
      log.append(entriesOf(300, 1));
      publisher.news();
      await publisher.flush();
      assert.equal(heard.length, 1);
      assert.equal(publisher.latest()?.size, 301);
      await publisher.close();
      assert.deepEqual((await openParts(folder)).publisher.latest()?.size, 301);
    });

    test('news come together: one checkpoint for many, never two of one size', async () => {
      const { log, publisher } = await openParts(makeFolder(), { intervalMs: 40 });
      const sizes: number[] = [];
      publisher.onCheckpoint(({ size }) => sizes.push(size));
      const startMs = performance.now();
      for (let i = 0; i < 200; i++) {
        log.append(entriesOf(i, 1));
        publisher.news();
        if (i % 20 === 0) await sleep(5);
      }
      publisher.news();
      await sleep(100);
      await publisher.flush();
      assert.equal(sizes.at(-1), 200);
      const intervals = (performance.now() - startMs) / 40;
      assert.ok(sizes.length <= intervals + 2, `${sizes}`);
      assert.equal(new Set(sizes).size, sizes.length);
      publisher.news();
      await sleep(60);
      assert.equal(sizes.at(-1), 200);
      await publisher.close();
    });

    test('an empty log has a checkpoint too', async () => {
      const folder = makeFolder();
      const { publisher } = await openParts(folder);
      await publisher.flush();
      assert.equal(readClaim(folder)?.size, 0);
      await publisher.close();
    });

    test('after a failure nothing more is published and whoever waits is told', async () => {
      const folder = makeFolder();
      const failures: Error[] = [];
      const sign = async (): Promise<Bytes> => {
        throw new Error('the key is gone');
      };
      const { log, publisher } = await openParts(folder, { sign, onFailure: (error) => failures.push(error) });
      log.append(entriesOf(0, 3));
      await assert.rejects(publisher.flush(), /the key is gone/);
      await assert.rejects(publisher.flush(), /the key is gone/);
      publisher.news();
      await sleep(30);
      assert.equal(failures.length, 1);
      assert.ok(!existsSync(join(folder, 'checkpoint')));
    });

    test('a closed publisher publishes nothing', async () => {
      const folder = makeFolder();
      const { log, publisher } = await openParts(folder, { intervalMs: 50 });
      await publisher.flush();
      log.append(entriesOf(0, 3));
      publisher.news();
      await publisher.close();
      await assert.rejects(publisher.flush(), /closed/);
      await sleep(80);
      assert.equal(readClaim(folder)?.size, 0);
    });

    test('a log that does not continue the published checkpoint is refused', async () => {
      const folder = makeFolder();
      const { log, publisher } = await openParts(folder);
      log.append(entriesOf(0, 10));
      await publisher.flush();
      await publisher.close();
      for (const other of [entriesOf(0, 9), entriesOf(1, 10), entriesOf(1, 20)]) {
        const forked = TileLog.open({ folder: makeFolder(), crypto });
        forked.append(other);
        const open = (): unknown => new CheckpointPublisher({ log: forked, sign: async () => new Uint8Array(), folder });
        assert.throws(open, { code: 'LAST_SIGNED_CONFLICT' });
      }
      writeFileSync(join(folder, 'checkpoint'), 'torn');
      await assert.rejects(openParts(folder), { code: 'TEXT_INVALID' });
    });
  });

  test('killed at any point: the published checkpoint is covered by sound tiles, and what was signed is continued', async () => {
    const folder = makeFolder();
    let published = 0;
    // A slow machine needs more rounds to get as far.
    for (let round = 0; round < 8 || (published <= 1_000 && round < 200); round++) {
      const said = Number((await killAfter(import.meta.filename, folder, 20 + 23 * Math.min(round, 20))).at(-1) ?? -1);
      const claim = readClaim(folder);
      const size = claim?.size ?? 0;
      assert.ok(size >= said || claim === null, `said ${said}, published ${size}`);
      assert.ok(size >= published, 'the published checkpoint never goes back');
      published = size;
      if (claim !== null) assert.deepEqual(walkTiles(folder, size), claim.root);
      const { log, signer, publisher } = await openParts(folder);
      assert.ok(log.size >= signer.last.size && signer.last.size >= size);
      assert.equal(toHex(log.root(size)), claim?.root.toString('hex') ?? toHex(log.root(0)));
      await publisher.close();
    }
    assert.ok(published > 1_000, `only ${published} entries were published`);
  });
}
