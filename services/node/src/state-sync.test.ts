import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkRecording } from '@oppidum/abci/grammar';
import type { Responses } from '@oppidum/abci/methods';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, concatBytes, encodeUint64, toHex } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodeSign } from '@oppidum/formats/cose';
import { cityOrigin } from '@oppidum/formats/ids';
import { encodePolicy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { encodePayload, parseTransaction, signTransaction, type TransactionPayload } from '@oppidum/formats/transaction';
import { checkInclusion } from '@oppidum/proofs/merkle';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import {
  ResponseApplySnapshotChunk_Result as ChunkResult,
  ResponseOfferSnapshot_Result as OfferResult,
  RequestApplySnapshotChunk,
  RequestInfo,
  RequestLoadSnapshotChunk,
  RequestOfferSnapshot,
  type Snapshot,
} from 'cosmjs-types/tendermint/abci/types';
import { AbciCity } from '../../../test/support/abci-city.ts';
import { actionOf, envelopeOf, foundTestCity, freshAccount, freshBytes, operatorOf } from '../../../test/support/running-city.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { createDataFolder, type DataFolder } from './data-folder.ts';
import { writeSeedFile } from './key-files.ts';
import { writeFirstRecord } from './log-signer.ts';
import { openCity } from './open-city.ts';
import { encodeChunks, parseChunk, type WindowBlock } from './snapshot-format.ts';
import { encodeSyncManifest, LOG_CHUNK_COUNT, parseSyncManifest } from './sync-manifest.ts';

const NOW_MS = 1_800_000_000_000;
const INTERVAL = 5;
/** More than one log chunk, so that one of them is full. */
const OLD_COUNT = LOG_CHUNK_COUNT + 300;

const scratch = mkdtempSync(join(tmpdir(), 'oppidum-state-sync-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Two nodes that executed the same blocks, and what they offer. */
let sources: readonly AbciCity[];
let folder: DataFolder;
let offered: Snapshot;
/** After the block of the snapshot. */
let appHash: Bytes;
let chunks: readonly Bytes[];
/** An account that had a key and has another: the first is in wrong hands now. */
const moved = freshAccount();
const leaked = moved.signer;
const current = { account: moved.id, keyNumber: 1, signer: ed25519Signer(freshBytes(32)) };
/** Blocks after that one. */
const later: { readonly transactions: Bytes[]; readonly timeMs: number }[] = [];
const SENDERS = ['one', 'two'];

before(async () => {
  folder = await foundTestCity(join(scratch, 'one'), NOW_MS);
  folder.release();
  cpSync(join(scratch, 'one'), join(scratch, 'two'), { recursive: true });
  const second = { ...folder, paths: pathsAt('two') };
  sources = [new AbciCity(folder, NOW_MS + 1_000, INTERVAL), new AbciCity(second, NOW_MS + 1_000, INTERVAL)];
  for (const city of sources) await city.start();
  const [first] = sources as [AbciCity, AbciCity];
  const client = { genesisHash: folder.genesisHash, head: () => first.store.head! };
  const operator = operatorOf(folder);
  const make = (count: number): Bytes[] =>
    Array.from({ length: count }, () => envelopeOf(client, operator, [freshAccount().action], first.clockMs + 300_000));
  const decide = async (transactions: Bytes[]): Promise<void> => {
    for (const city of sources) {
      city.clockMs = first.clockMs;
      await city.block(transactions);
      await city.snapshots.kept.idle();
    }
    first.clockMs += 1_000;
  };
  const act = (...words: Parameters<typeof actionOf>): Bytes =>
    envelopeOf(client, current, [actionOf(...words)], first.clockMs + 300_000);
  await decide([...make(OLD_COUNT - 1), envelopeOf(client, operator, [moved.action], first.clockMs + 300_000)]);
  const key = { algorithm: current.signer.algorithm, publicKey: current.signer.publicKey };
  await decide([
    envelopeOf(client, leaked, [actionOf('account/add-key', { account: moved.id, key, class: 'full' })], first.clockMs + 300_000),
  ]);
  // What is older than the window, but for the newest block of it.
  first.clockMs += 1_200_000;
  await decide(make(1));
  await decide([...make(1), act('account/retire-key', { account: moved.id, keyNumber: 0 })]);
  const key2 = { ...key, publicKey: namedSigner('one more').publicKey };
  await decide([...make(2), act('account/add-key', { account: moved.id, key: key2, class: 'full' })]);
  assert.equal(first.application.height, INTERVAL);
  appHash = first.application.appHash;
  assert.equal((await first.abci.listSnapshots({})).snapshots.length, 0, 'none before two more headers prove it');
  for (const transactions of [[], make(1)]) {
    later.push({ transactions, timeMs: first.clockMs });
    await decide(transactions);
  }
  [offered] = (await first.abci.listSnapshots({})).snapshots as [Snapshot];
  chunks = await Promise.all(Array.from({ length: offered.chunks }, (_, index) => load(first, index)));
});
after(async () => {
  for (const city of sources) await city.stop();
});

function pathsAt(name: string): DataFolder['paths'] {
  const move = (path: string): string => join(scratch, name, path.slice(folder.paths.folder.length));
  const { key, shard, ...plain } = folder.paths;
  const moved = Object.fromEntries(Object.entries(plain).map(([each, path]) => [each, move(path)]));
  return { ...moved, key: (of: string) => move(key(of)), shard: (of: number) => move(shard(of)) } as DataFolder['paths'];
}

const load = async (city: AbciCity, chunk: number): Promise<Bytes> => {
  const { height, format } = offered;
  return (await city.abci.loadSnapshotChunk(RequestLoadSnapshotChunk.fromPartial({ height, format, chunk }))).chunk;
};

/** A node of this city that has nothing. */
async function newcomer(use: (city: AbciCity, made: DataFolder) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(scratch, 'new-'));
  const { genesis } = folder;
  const fill = async (paths: DataFolder['paths']): Promise<void> => {
    await writeFirstRecord(join(paths.log, 'last-signed'), cityOrigin(genesis.name, folder.genesisHash), crypto);
    for (const use of ['log', 'cosigner']) await writeSeedFile(paths.key(use), new Uint8Array(32).fill(7));
  };
  const made = await createDataFolder({ folder: path, crypto, genesis, fill });
  const city = new AbciCity(made, NOW_MS + 2_000_000);
  try {
    await use(city, made);
  } finally {
    await city.stop();
    made.release();
  }
}

const offer = async (city: AbciCity, parts: Partial<Snapshot> = {}, hash = appHash): Promise<OfferResult> =>
  (await city.abci.offerSnapshot(RequestOfferSnapshot.fromPartial({ snapshot: { ...offered, ...parts }, appHash: hash }))).result;

const apply = async (city: AbciCity, index: number, chunk: Bytes, sender = 'one'): Promise<Responses['applySnapshotChunk']> =>
  city.abci.applySnapshotChunk(RequestApplySnapshotChunk.fromPartial({ index, chunk, sender }));

/**
 * CometBFT's part (statesync/syncer.go): chunks in order, from whoever is not banned; what is asked for again comes from another. Answers
 * who was banned, or null where the snapshot was refused.
 */
async function sync(city: AbciCity, chunkOf: (index: number, sender: string) => Bytes): Promise<readonly string[] | null> {
  const banned: string[] = [];
  for (let index = 0; index < offered.chunks; ) {
    const sender = SENDERS.find((each) => !banned.includes(each));
    assert.ok(sender !== undefined, 'a sender is left');
    const { result, refetchChunks, rejectSenders } = await apply(city, index, chunkOf(index, sender), sender);
    banned.push(...rejectSenders);
    if (result === ChunkResult.REJECT_SNAPSHOT) return null;
    if (result === ChunkResult.ACCEPT) index++;
    else assert.deepEqual([result, refetchChunks], [ChunkResult.RETRY, [index]]);
  }
  return banned;
}

/** An envelope that nobody signed. */
const unsigned = (payload: TransactionPayload): Bytes => encodeSign({ payload: encodePayload(payload), signatures: [] });

const honest = (index: number): Bytes => chunks[index]!;

describe('state sync', () => {
  test('two nodes offer the same snapshot, bit by bit, and keep few', async () => {
    const [first, second] = sources as [AbciCity, AbciCity];
    assert.deepEqual((await second.abci.listSnapshots({})).snapshots, [offered]);
    assert.equal(Number(offered.height), INTERVAL);
    const manifest = parseSyncManifest(crypto, offered.metadata);
    assert.equal(manifest.log.length, 1);
    assert.equal(offered.chunks, manifest.chunks.length + 2);
    for (const index of chunks.keys()) assert.deepEqual(await load(second, index), chunks[index]);
    assert.equal((await load(first, offered.chunks)).length, 0, 'a chunk that there is not');
  });

  test('none of a block that puts a policy into force: the next with a leaf has its turn, also after a new start', async () => {
    const own = await foundTestCity(join(scratch, 'terms'), NOW_MS);
    own.release();
    const operator = operatorOf(own);
    let city = new AbciCity(own, NOW_MS + 1_000, INTERVAL);
    await city.start();
    const client = { genesisHash: own.genesisHash, head: () => city.store.head! };
    const decide = async (...actions: readonly ReturnType<typeof actionOf>[]): Promise<void> => {
      city.clockMs += 1_000;
      await city.block(actions.map((action) => envelopeOf(client, operator, [action], city.clockMs + 300_000)));
      await city.snapshots.kept.idle();
    };
    for (let height = 1; height < INTERVAL - 1; height++) await decide(freshAccount().action);
    const keys = { logKey: namedSigner('a').publicKey, cosignerKey: namedSigner('b').publicKey };
    const origin = cityOrigin(own.genesis.name, own.genesisHash);
    const policy = encodePolicy(crypto, policyOfValidators(origin, [{ name: 'validator-1', ...keys }]));
    const body = { id: freshBytes(32), body: own.genesis.council, expiresMs: city.clockMs + 600_000 };
    await decide(actionOf('proposal/create', { ...body, actions: [actionOf('policy/change', { policy })] }));
    await decide();
    assert.equal(city.application.read(at(policyEffectiveKind))?.from, INTERVAL);
    await city.stop();
    city = new AbciCity(own, city.clockMs, INTERVAL);
    await city.abci.info(RequestInfo.fromPartial({}));
    for (let count = 0; count < 3; count++) await decide(freshAccount().action);
    const { snapshots } = await city.abci.listSnapshots({});
    assert.deepEqual(
      snapshots.map(({ height }) => height),
      [BigInt(INTERVAL + 1)],
    );
    await city.stop();
  });

  test('a node that has nothing restores it, goes on with the next blocks, and its calls are a sentence of the grammar', () =>
    newcomer(async (city, made) => {
      assert.equal(await offer(city), OfferResult.ACCEPT);
      assert.deepEqual(await sync(city, honest), []);
      const { lastBlockHeight, lastBlockAppHash } = await city.abci.info(RequestInfo.fromPartial({}));
      assert.equal(lastBlockHeight, offered.height);
      assert.equal(toHex(lastBlockAppHash), toHex(appHash));
      const [first] = sources as [AbciCity, AbciCity];
      assert.equal(city.log.size, city.store.head!.logSize);
      for (const index of [0, 5_000, LOG_CHUNK_COUNT, OLD_COUNT]) assert.deepEqual(city.log.entry(index), first.log.entry(index));
      assert.equal(existsSync(made.paths.restoredLog), true, 'until the log is durable whoever opens it next removes it');
      for (const { transactions, timeMs } of later) await city.block(transactions, timeMs);
      assert.equal(toHex(city.application.appHash), toHex(first.application.appHash));
      assert.equal(checkRecording(city.calls), null);
      assert.deepEqual(
        city.calls.slice(0, 2).map(({ call }) => call),
        ['offerSnapshot', 'applySnapshotChunk'],
      );
    }));

  test('one altered chunk, of the state or of the log: refused, asked for again of another, and its sender banned', async () => {
    for (const wrong of [0, parseSyncManifest(crypto, offered.metadata).chunks.length, offered.chunks - 1])
      await newcomer(async (city) => {
        await offer(city);
        const altered = honest(wrong).slice();
        altered[altered.length - 1]! ^= 1;
        assert.deepEqual(await sync(city, (index, sender) => (index === wrong && sender === 'one' ? altered : honest(index))), [
          'one',
        ]);
        assert.equal(city.application.height, INTERVAL);
        assert.ok(city.news.some((sentence) => sentence.includes('one no more')));
        assert.equal(checkRecording(city.calls), null);
      });
  });

  test('a snapshot that is not the state of the chain is refused at its end, whoever made it, and nothing is kept', () =>
    newcomer(async (city, made) => {
      const wrong = crypto.sha256(appHash);
      assert.equal(await offer(city, {}, wrong), OfferResult.ACCEPT);
      assert.equal(await sync(city, honest), null);
      assert.equal(city.application.height, -1);
      assert.equal(existsSync(made.paths.restoredLog), false, 'no entry of the log was taken');
      // The true one is still welcome, and so it is after one that was given up half-way.
      assert.equal(await offer(city), OfferResult.ACCEPT);
      await apply(city, 0, honest(0));
      assert.equal(await offer(city), OfferResult.ACCEPT);
      for (const index of parseSyncManifest(crypto, offered.metadata).chunks.keys()) await apply(city, index, honest(index));
      assert.equal(await offer(city), OfferResult.ACCEPT);
      assert.deepEqual(await sync(city, honest), []);
      assert.equal(checkRecording(city.calls), null);
    }));

  test('a snapshot whose window has other signatures over the same payloads is refused: no leaf names them, the keys in its state do', async () => {
    const manifest = parseSyncManifest(crypto, offered.metadata);
    const last = manifest.chunks.length - 1;
    const parsed = parseChunk(honest(last));
    const blocks = 'blocks' in parsed ? parsed.blocks : assert.fail('the last chunk of the state has the window');
    const newest = blocks.at(-1) ?? assert.fail('a window has a block');
    const envelopes = newest.transactions.map(({ envelope }) => envelope);
    const { payload, signatures } = parseTransaction(crypto, envelopes.at(-1)!);
    assert.deepEqual([signatures[0]?.account, signatures[0]?.keyNumber], [moved.id, 1]);
    const swapped = (position: number, envelope: Bytes): readonly WindowBlock[] => {
      const transactions = newest.transactions.map((each, i) => (i === position ? { ...each, envelope } : each));
      return blocks.with(-1, { ...newest, transactions });
    };
    const broken = envelopes[0]!.with(-1, envelopes[0]!.at(-1)! ^ 1);
    const others = signTransaction(payload, [{ ...current, signer: operatorOf(folder).signer }]);
    const stolen = signTransaction(payload, [leaked]);
    const attempts = [
      ['no signature at all', swapped(0, broken), 'signatures by keys that were in force'],
      ['one by the key of somebody else', swapped(2, others), 'signatures by keys that were in force'],
      ['one by a key that was retired', swapped(2, stolen), 'signatures by keys that were in force'],
      ['none where one is wanted', swapped(2, unsigned(payload)), 'LENGTH_WRONG'],
      ['the true ones', blocks, null],
    ] as const;
    for (const [why, forged, reason] of attempts) {
      const [chunk] = [...encodeChunks([], forged)] as [Bytes];
      const metadata = encodeSyncManifest({ ...manifest, chunks: manifest.chunks.with(last, crypto.sha256(chunk)) });
      await newcomer(async (city) => {
        assert.equal(await offer(city, { metadata, hash: crypto.sha256(metadata) }), OfferResult.ACCEPT);
        const banned = await sync(city, (index) => (index === last ? chunk : honest(index)));
        assert.deepEqual(banned, reason === null ? [] : null, why);
        assert.equal(city.application.height, reason === null ? INTERVAL : -1, why);
        if (reason !== null)
          assert.ok(
            city.news.some((sentence) => sentence.includes(reason)),
            `${why}: ${city.news.join()}`,
          );
        // The true one is still welcome.
        if (reason !== null) {
          await offer(city);
          assert.deepEqual(await sync(city, honest), [], why);
        }
      });
    }
  });

  test('the state of another city is refused, whatever chain the engine runs', async () => {
    const other = await foundTestCity(mkdtempSync(join(scratch, 'other-')), NOW_MS);
    const city = new AbciCity(other, NOW_MS);
    assert.equal(await offer(city), OfferResult.ACCEPT);
    assert.equal(await sync(city, honest), null);
    assert.ok(city.news.some((sentence) => sentence.includes('the state of this city')));
    assert.equal(city.application.height, -1);
    await city.stop();
    other.release();
  });

  test('hostile offers are refused with their senders', () =>
    newcomer(async (city) => {
      const manifest = parseSyncManifest(crypto, offered.metadata);
      const offerOf = (parts: Partial<typeof manifest>, more: Partial<Snapshot> = {}) => {
        const metadata = encodeSyncManifest({ ...manifest, ...parts });
        return offer(city, { metadata, hash: crypto.sha256(metadata), ...more });
      };
      const { REJECT_SENDER, REJECT_FORMAT } = OfferResult;
      assert.equal(await offer(city, { format: 2 }), REJECT_FORMAT);
      assert.equal(await offer(city, { hash: appHash }), REJECT_SENDER, 'the hash of something else');
      assert.equal(await offer(city, { chunks: offered.chunks + 1 }), REJECT_SENDER, 'more chunks than it says');
      assert.equal(await offer(city, { height: 0n }), REJECT_SENDER);
      const trailing = concatBytes(offered.metadata, Uint8Array.of(0));
      assert.equal(await offer(city, { metadata: trailing, hash: crypto.sha256(trailing) }), REJECT_SENDER);
      assert.equal(await offerOf({ log: [appHash] }), REJECT_SENDER, 'log chunks that are not the log');
      assert.equal(await offerOf({ log: [] }), REJECT_SENDER, 'too few of them');
      const huge = concatBytes(encodeUint64(2 ** 52), appHash);
      assert.equal(await offerOf({ windowEdge: huge }), REJECT_SENDER, 'a log of 2^52 entries');
      const large = new Uint8Array(3 * 2 ** 20 + 1);
      assert.equal(await offer(city, { metadata: large, hash: crypto.sha256(large) }), REJECT_SENDER);
      // Of another height than its block: known only when that is proven.
      assert.equal(await offer(city, { height: 9n }), OfferResult.ACCEPT);
      assert.equal(await sync(city, honest), null);
      assert.equal(city.application.height, -1);
    }));

  test('CometBFT was ended before it noticed: the same snapshot is taken as it is stored, another is refused with what to do', () =>
    newcomer(async (city, made) => {
      await offer(city);
      await sync(city, honest);
      await city.stop();
      const again = new AbciCity(made, NOW_MS);
      assert.equal(await offer(again, { height: 9n }), OfferResult.REJECT);
      assert.ok(again.news.some((sentence) => sentence.includes('oppidum node reset')));
      assert.equal(await offer(again), OfferResult.ACCEPT);
      assert.deepEqual(await sync(again, honest), []);
      assert.equal((await again.abci.info(RequestInfo.fromPartial({}))).lastBlockHeight, offered.height);
      assert.equal(checkRecording(again.calls), null);
      await again.stop();
    }));

  test('CometBFT was ended while signatures were verified: nothing is kept, and the next one begins anew', () =>
    newcomer(async (city) => {
      const last = parseSyncManifest(crypto, offered.metadata).chunks.length - 1;
      await offer(city);
      for (let index = 0; index < last; index++) await apply(city, index, honest(index));
      const proving = apply(city, last, honest(last));
      city.application.engineGone();
      assert.equal((await proving).result, ChunkResult.REJECT_SNAPSHOT);
      assert.equal(city.application.height, -1);
      assert.equal(await offer(city), OfferResult.ACCEPT);
      assert.deepEqual(await sync(city, honest), []);
      assert.equal(city.application.height, INTERVAL);
    }));

  test('a crash after the state was durable and before the log was: the next start fills the log', () =>
    newcomer(async (city, made) => {
      await offer(city);
      await sync(city, honest);
      await city.stop();
      for (const name of readdirSync(made.paths.log))
        if (name !== 'last-signed') rmSync(join(made.paths.log, name), { recursive: true });
      const opened = await openCity({ folder: made, crypto, registry: cityRegistry });
      const { logSize, appHash: root } = opened.client.head();
      assert.equal(toHex(root), toHex(appHash));
      const entry = leafHash(crypto, (sources[0] as AbciCity).log.entry(7));
      const { path } = await opened.client.proveLeaf(7, logSize);
      assert.equal(checkInclusion(crypto, { index: 7, size: logSize, leafHash: entry, proof: path, root }), null);
      await opened.close();
      assert.equal(existsSync(made.paths.restoredLog), false);
      assert.ok(readFileSync(join(made.paths.log, 'frontier')).length > 0);
    }));
});
