import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import type { Signer } from '@oppidum/formats/crypto';
import { evaluatePolicy, refusalOf } from '@oppidum/formats/policy';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { LogSigner, type LogSignerOptions, openLogSeed, writeFirstRecord } from './log-signer.ts';
import { TileLog } from './tile-log.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-signer-'));
  folders.push(folder);
  return folder;
}

const origin = 'log.oppidum.example';
const logKey = namedSigner('log');
const cosignerKey = namedSigner('cosigner');
const cosigner = { name: 'v1', signer: cosignerKey, nowS: () => 1_700_000_000 };
const policy = policyOfValidators(origin, [{ name: 'v1', logKey: logKey.publicKey, cosignerKey: cosignerKey.publicKey }]);

async function optionsIn(folder: string): Promise<LogSignerOptions> {
  const file = join(folder, 'last-signed');
  if (!existsSync(file)) await writeFirstRecord(file, origin, crypto);
  return { file, origin, crypto, signer: logKey, cosigner };
}

const entries = (count: number, kind = 'entry'): Bytes[] => Array.from({ length: count }, (_, i) => encodeUtf8(`${kind} ${i}`));

/** A log with these entries, durable. */
async function logOf(appended: readonly Bytes[]): Promise<TileLog> {
  const log = TileLog.open({ folder: makeFolder(), crypto });
  log.append(appended);
  await log.persist();
  return log;
}

describe('log signer', () => {
  test('signs and cosigns growing heads; the note satisfies the policy', async () => {
    const log = await logOf([]);
    const signer = LogSigner.open(await optionsIn(makeFolder()));
    for (const count of [0, 3, 0, 300]) {
      log.append(entries(count));
      const head = await log.persist();
      const note = await signer.sign(log, head);
      assert.deepEqual(parseCheckpointNote(note).checkpoint, { origin, ...head, extensions: [] });
      assert.equal(refusalOf(evaluatePolicy(crypto, policy, note)), null);
      assert.deepEqual(signer.last, head);
    }
  });

  test('the record is durable before the key is used', async () => {
    const folder = makeFolder();
    const options = await optionsIn(folder);
    const seen: string[] = [];
    const watching: Signer = {
      ...logKey,
      sign: (message) => {
        seen.push(readFileSync(options.file, 'utf8'));
        return logKey.sign(message);
      },
    };
    const log = await logOf(entries(5));
    const note = await LogSigner.open({ ...options, signer: watching }).sign(log, { size: 5, root: log.root() });
    assert.deepEqual(seen, [parseCheckpointNote(note).note.text]);
  });

  test('when the record cannot be written nothing is signed', async () => {
    const folder = makeFolder();
    const options = await optionsIn(folder);
    const unused: Signer = { ...logKey, sign: () => assert.fail('the key was used') };
    const signer = LogSigner.open({ ...options, signer: unused });
    rmSync(folder, { recursive: true });
    const log = await logOf(entries(5));
    await assert.rejects(signer.sign(log, { size: 5, root: log.root() }), { code: 'ENOENT' });
    assert.equal(signer.last.size, 0);
  });

  test('another history of the same size, a longer one and a shorter log are refused, also after a restart', async () => {
    const options = await optionsIn(makeFolder());
    const log = await logOf(entries(10));
    await LogSigner.open(options).sign(log, { size: 10, root: log.root() });
    const others = [await logOf(entries(10, 'other')), await logOf(entries(12, 'other')), await logOf(entries(9))];
    for (const other of others) {
      const signed = LogSigner.open(options).sign(other, { size: other.size, root: other.root() });
      await assert.rejects(signed, { code: 'LAST_SIGNED_CONFLICT' });
    }
    log.append(entries(2));
    const signer = LogSigner.open(options);
    await assert.rejects(signer.sign(log, { size: 9, root: log.root(9) }), { code: 'LAST_SIGNED_CONFLICT' });
    assert.equal(signer.last.size, 10);
    await signer.sign(log, await log.persist());
    assert.equal(LogSigner.open(options).last.size, 12);
  });

  test('a head that is not durable, or not of this log, is a bug and stops', async () => {
    const signer = LogSigner.open(await optionsIn(makeFolder()));
    const log = await logOf(entries(10));
    log.append(entries(1));
    await assert.rejects(signer.sign(log, { size: 11, root: log.root() }), /not a durable head/);
    await assert.rejects(signer.sign(log, { size: 10, root: log.root() }), /not a durable head/);
    assert.equal(signer.last.size, 0);
  });

  test('without its record a key is retired', async () => {
    const options = await optionsIn(makeFolder());
    const lost = { code: 'LAST_SIGNED_LOST' };
    for (const text of ['', 'x', `${origin}\n5\n`, readFileSync(options.file, 'utf8').slice(0, -1)]) {
      writeFileSync(options.file, text);
      assert.throws(() => LogSigner.open(options), lost, JSON.stringify(text));
    }
    rmSync(options.file);
    assert.throws(() => LogSigner.open(options), lost);
    await writeFirstRecord(options.file, `${origin}/shard-1`, crypto);
    assert.throws(() => LogSigner.open(options), { code: 'LAST_SIGNED_CONFLICT' });
  });

  test('key and record are made together, once; a lost record is noticed', async () => {
    const folder = makeFolder();
    const [keyFile, recordFile] = [join(folder, 'keys/log.seed'), join(folder, 'log/last-signed')];
    const made: Bytes[] = [];
    const generateSeed = (): Bytes => {
      assert.ok(existsSync(recordFile), 'the record stands before the key exists');
      made.push(new Uint8Array(32).fill(made.length + 1));
      return made.at(-1) as Bytes;
    };
    const open = () => openLogSeed({ keyFile, recordFile, origin, crypto, generateSeed });
    assert.deepEqual(await open(), new Uint8Array(32).fill(1));
    assert.deepEqual(await open(), new Uint8Array(32).fill(1));
    rmSync(recordFile);
    await open();
    assert.ok(!existsSync(recordFile), 'a key that exists gets no fresh record');
    assert.equal(made.length, 1);
    // A new key under the same origin continues the history of the old one.
    const options = await optionsIn(folder);
    const log = await logOf(entries(4));
    await LogSigner.open(options).sign(log, { size: 4, root: log.root() });
    const next = join(folder, 'keys/next.seed');
    await openLogSeed({ keyFile: next, recordFile: options.file, origin, crypto, generateSeed: () => new Uint8Array(32) });
    assert.equal(LogSigner.open(options).last.size, 4);
  });
});
