import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { checkRecording, type RecordedCall } from '@oppidum/abci/grammar';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, concatBytes } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodePolicy, evaluatePolicy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import { accountKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import {
  actionOf,
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  freshBytes,
  runCity,
} from '../../../test/support/running-city.ts';
import { walkTiles } from '../../../test/support/tile-walk.ts';
import type { CommittedTransaction } from './client.ts';
import { openDataFolder } from './data-folder.ts';
import { readSeedFile } from './key-files.ts';
import { restoreSnapshot, writeSnapshot } from './snapshot-folder.ts';
import { encodeManifest, parseChunk, parseManifest, type SnapshotManifest } from './snapshot-format.ts';

const scratch = mkdtempSync(join(tmpdir(), 'oppidum-snapshot-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A city of a few blocks, with a refused transaction, 20 minutes before its newest ones. */
const original = join(scratch, 'original');
const taken = join(scratch, 'taken');
const startMs = 1_800_000_000_000;
let nowMs = startMs;
const clock = (): number => nowMs;
const founded = await foundTestCity(original, startMs - 1);
const city = await runCity(founded, { clock });
const { client, operator, telemetry } = city;
const create = (): Bytes => envelopeOf(client, operator, [freshAccount().action]);
const old = await execute(client, create());
for (let i = 0; i < 300; i++) await execute(client, create());
nowMs += 20 * 60_000;
// Work that makes the time of the city jump; what it signs must be valid then.
const account = freshAccount();
const jump = await execute(client, envelopeOf(client, operator, [account.action], nowMs + 60_000));
const envelope = create();
const recent = await execute(client, envelope);
const refused = await execute(client, envelopeOf(client, telemetry, [freshAccount().action]));
await client.checkpointOf(client.head().logSize);
const head = client.head();
const policy = client.policyFile();
await city.stop();
const folder = await openDataFolder({ folder: original, crypto });
const manifest = await writeSnapshot({ folder, crypto, out: taken });
folder.release();

const restore = (from: string, into: string, trusted = policy) =>
  restoreSnapshot({ from, folder: into, crypto, registry: cityRegistry, policy: trusted, randomBytes: freshBytes });
let copies = 0;
const place = (): string => join(scratch, `place-${copies++}`);

describe('snapshots', () => {
  test('restored into an empty folder: state, recent ids, log and policy are there, and the same snapshot again', async () => {
    const into = place();
    const restored = await restore(taken, into);
    restored.release();
    const again = await openDataFolder({ folder: into, crypto });
    const second = place();
    assert.deepEqual(await writeSnapshot({ folder: again, crypto, out: second }), manifest);
    for (const i of manifest.chunks.keys()) {
      const [a, b] = [taken, second].map((from) => readFileSync(join(from, 'chunks', String(i))));
      assert.deepEqual(a, b);
    }
    cpSync(join(original, 'keys', 'operator.seed'), join(into, 'keys', 'operator.seed'));
    cpSync(join(original, 'keys', 'telemetry.seed'), join(into, 'keys', 'telemetry.seed'));
    cpSync(join(original, 'keys', 'accounts.json'), join(into, 'keys', 'accounts.json'));
    const calls: RecordedCall[] = [];
    const running = await runCity(again, { clock, handOverMs: 50, onCall: (call) => calls.push(call) });
    assert.deepEqual(running.client.head(), head);
    assert.deepEqual(running.client.read(at(accountKind, account.id)), { holder: 'person', keyCount: 1, from: jump.height });
    assert.deepEqual(running.client.transaction(recent.id), recent);
    assert.deepEqual(running.client.transaction(refused.id), { ...refused, details: {} }, 'facts of a refusal are not proven');
    assert.equal(running.client.transaction(old.id), null, 'outside the window');
    assert.deepEqual(await execute(running.client, envelope), recent, 'a retry gets the first answer');
    assert.equal(walkTiles(running.logFolder, head.logSize).toString('hex'), Buffer.from(head.appHash).toString('hex'));

    // Its keys are new: it decides, but nobody believes its checkpoints until the policy names them.
    const keyOf = (name: string): Bytes => ed25519Signer(readSeedFile(again.paths.key(name))).publicKey;
    const own = { name: 'validator-2', logKey: keyOf('log'), cosignerKey: keyOf('cosigner') };
    const next = encodePolicy(crypto, policyOfValidators(running.client.origin, [own]));
    const decide = actionOf('proposal/create', {
      id: freshBytes(32),
      body: again.genesis.council,
      actions: [actionOf('policy/change', { policy: next })],
      expiresMs: nowMs + 600_000,
    });
    assert.equal((await execute(running.client, envelopeOf(running.client, running.operator, [decide]))).code, 'OK');
    assert.equal(running.client.checkpoint()?.size, head.logSize);
    while (running.client.head().height < head.height + 2) await new Promise(setImmediate);
    const last = (await execute(
      running.client,
      envelopeOf(running.client, running.operator, [freshAccount().action]),
    )) as CommittedTransaction;
    const { note } = await running.client.checkpointOf(last.index + 1);
    assert.equal(refusalOf(evaluatePolicy(crypto, parsePolicy(crypto, next), note)), null);
    assert.equal(checkRecording(calls), null);
    await running.stop();
  });

  test('a hostile snapshot is refused and leaves nothing behind', async () => {
    const chunkCount = manifest.chunks.length;
    const last = join('chunks', String(chunkCount - 1));
    const rewrite = (from: string, change: (manifest: SnapshotManifest) => SnapshotManifest): void => {
      const file = join(from, 'manifest.cbor');
      writeFileSync(file, encodeManifest(change(parseManifest(new Uint8Array(readFileSync(file))))));
    };
    /** Replaces a chunk by another and names it in the manifest. */
    const replaceChunk = (from: string, index: number, change: (chunk: Bytes) => Bytes): void => {
      const file = join(from, 'chunks', String(index));
      const chunk = change(new Uint8Array(readFileSync(file)));
      writeFileSync(file, chunk);
      rewrite(from, (m) => ({ ...m, chunks: m.chunks.map((digest, i) => (i === index ? crypto.sha256(chunk) : digest)) }));
    };
    const flip = (bytes: Bytes, position: number): Bytes => bytes.with(position, (bytes.at(position) as number) ^ 1);
    const table: readonly (readonly [string, string, (from: string) => void])[] = [
      ['no manifest', 'SNAPSHOT_INVALID', (from) => rmSync(join(from, 'manifest.cbor'))],
      ['torn manifest', 'SNAPSHOT_INVALID', (from) => writeFileSync(join(from, 'manifest.cbor'), 'torn')],
      ['no chunk', 'SNAPSHOT_INVALID', (from) => rmSync(join(from, last))],
      [
        'chunk altered',
        'SNAPSHOT_INVALID',
        (from) => writeFileSync(join(from, last), flip(new Uint8Array(readFileSync(join(from, last))), -1)),
      ],
      ['value altered', 'SNAPSHOT_INVALID', (from) => replaceChunk(from, 0, (chunk) => flip(chunk, -1))],
      [
        'record of an unknown kind',
        'SNAPSHOT_INVALID',
        (from) => replaceChunk(from, 0, (chunk) => concatBytes(chunk, Uint8Array.of(1, 0xff, 0, 0, 0, 0))),
      ],
      ['record cut off', 'SNAPSHOT_INVALID', (from) => replaceChunk(from, 0, (chunk) => chunk.slice(0, -1))],
      ['records doubled', 'SNAPSHOT_INVALID', (from) => replaceChunk(from, 0, (chunk) => concatBytes(chunk, chunk.slice(1)))],
      ['no records', 'SNAPSHOT_INVALID', (from) => replaceChunk(from, 0, () => Uint8Array.of(1))],
      ['unknown chunk', 'SNAPSHOT_INVALID', (from) => replaceChunk(from, 0, () => Uint8Array.of(3))],
      ['window altered', 'SNAPSHOT_INVALID', (from) => replaceChunk(from, chunkCount - 1, (chunk) => flip(chunk, -40))],
      ['window without blocks', 'SNAPSHOT_INVALID', (from) => replaceChunk(from, chunkCount - 1, () => Uint8Array.of(2))],
      ['window edge altered', 'SNAPSHOT_INVALID', (from) => rewrite(from, (m) => ({ ...m, windowEdge: flip(m.windowEdge, -1) }))],
      ['another policy', 'SNAPSHOT_INVALID', (from) => rewrite(from, (m) => ({ ...m, policy: concatBytes(m.policy, m.policy) }))],
      ['another genesis', 'SNAPSHOT_INVALID', (from) => rewrite(from, (m) => ({ ...m, genesis: flip(m.genesis, -1) }))],
      ['checkpoint altered', 'LOG_UNKNOWN', (from) => rewrite(from, (m) => ({ ...m, checkpoint: flip(m.checkpoint, 0) }))],
      ['no log', 'SNAPSHOT_INVALID', (from) => rmSync(join(from, 'log'), { recursive: true })],
      ['log altered', 'SNAPSHOT_INVALID', (from) => writeFileSync(join(from, 'log', 'tile', 'entries', '000'), 'other')],
      ['chunk order', 'SNAPSHOT_INVALID', (from) => rewrite(from, (m) => ({ ...m, chunks: [...m.chunks].reverse() }))],
    ];
    for (const [name, code, change] of table) {
      const [from, into] = [place(), place()];
      cpSync(taken, from, { recursive: true });
      change(from);
      await assert.rejects(restore(from, into), { code }, name);
      assert.deepEqual(existsSync(into) ? readdirSync(into) : [], [], name);
    }
  });

  test('one that leaves out a block whose transactions still count is refused', async () => {
    const from = place();
    cpSync(taken, from, { recursive: true });
    const index = manifest.chunks.length - 1;
    const parsed = parseChunk(new Uint8Array(readFileSync(join(from, 'chunks', String(index)))));
    assert.ok('blocks' in parsed && parsed.blocks.length >= 3);
    const whole = new Uint8Array(readFileSync(join(from, 'chunks', String(index))));
    const firstSize = 4 + new DataView(whole.buffer, whole.byteOffset).getUint32(1);
    const chunk = concatBytes(Uint8Array.of(2), whole.slice(1 + firstSize));
    const { windowEdge } = manifest;
    // The edge after the blocks left out is what a cunning liar would give.
    const log = CompactTree.parse(crypto, windowEdge);
    const [first] = parsed.blocks;
    for (const { leaf } of first!.transactions) log.append(leafHash(crypto, leaf));
    log.append(leafHash(crypto, first!.blockLeaf));
    writeFileSync(join(from, 'chunks', String(index)), chunk);
    const chunks = [...manifest.chunks.slice(0, -1), crypto.sha256(chunk)];
    writeFileSync(join(from, 'manifest.cbor'), encodeManifest({ ...manifest, windowEdge: log.encode(), chunks }));
    await assert.rejects(restore(from, place()), { code: 'SNAPSHOT_INVALID' });
  });

  test('a policy that does not know the city restores nothing, and a used folder stays as it is', async () => {
    const foreign = await foundTestCity(place());
    const other = new Uint8Array(readFileSync(foreign.paths.policy));
    foreign.release();
    await assert.rejects(restore(taken, place(), other), { code: 'LOG_UNKNOWN' });
    const names = readdirSync(foreign.paths.folder);
    await assert.rejects(restore(taken, foreign.paths.folder), { code: 'DATA_FOLDER_FOREIGN' });
    assert.deepEqual(readdirSync(foreign.paths.folder), names);
  });
});
