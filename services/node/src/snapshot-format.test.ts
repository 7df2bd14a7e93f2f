import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, concatBytes } from '@oppidum/formats/bytes';
import { encodeChunks, parseChunk } from './snapshot-format.ts';
import { SnapshotRestore } from './snapshots.ts';
import { chunkCountOf, encodeSyncManifest } from './sync-manifest.ts';
import { type ChunkAnswer, SyncRestore, type SyncRestoreOptions } from './sync-restore.ts';

const MIB = 2 ** 20;
/** One record without key and value, the cheapest that there is. */
const NOTHING = new Uint8Array(5);
const emptyRecords = (size: number): Bytes => concatBytes(Uint8Array.of(1), new Uint8Array(size - (size % NOTHING.length)));
const emptyEdge = new Uint8Array(8);

describe('chunks of a snapshot', () => {
  test('a chunk ends with the item that reaches its size: what goes on behind it is refused', () => {
    const records = Array.from({ length: 40 }, (_, i) => ({ key: Uint8Array.of(1, i), value: new Uint8Array(60_000) }));
    const [first = new Uint8Array(0), second = new Uint8Array(0), third] = [...encodeChunks(records, [])];
    assert.equal(third?.[0], 1);
    assert.ok('records' in parseChunk(first));
    assert.throws(() => parseChunk(concatBytes(first, second.slice(1))), { code: 'NOT_CANONICAL' });
    const block = concatBytes(Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0xa0));
    const blocks = concatBytes(Uint8Array.of(2), block);
    assert.throws(() => parseChunk(blocks), { code: 'WRONG_TYPE' });
  });

  test('records that no state has are refused with their chunk, not when all of them lie in memory', async () => {
    const chunk = emptyRecords(MIB / 2);
    const manifest = { windowEdge: emptyEdge, chunks: [crypto.sha256(chunk), crypto.sha256(chunk)] };
    const store = { head: null } as ConstructorParameters<typeof SnapshotRestore>[0]['store'];
    const restore = new SnapshotRestore({ store, crypto, manifest, appHash: crypto.sha256(emptyEdge) });
    await assert.rejects(restore.apply(0, chunk), { code: 'SNAPSHOT_INVALID' });
  });

  test('a snapshot of more bytes than a newcomer may hold is refused where they become too many', async () => {
    const applied: number[] = [];
    const application = {
      height: -1,
      appHash: new Uint8Array(32),
      offerSnapshot: () => undefined,
      applySnapshotChunk: async (index: number) => {
        applied.push(index);
        return null;
      },
      passSnapshot: () => undefined,
      keepSnapshot: () => undefined,
    };
    const chunks = [1, 2, 3].map((i) => new Uint8Array(MIB).fill(i));
    const manifest = { version: 1, windowEdge: emptyEdge, chunks: chunks.map((chunk) => crypto.sha256(chunk)), log: [] };
    const metadata = encodeSyncManifest(manifest);
    const restoredLog = {} as SyncRestoreOptions['restoredLog'];
    const options = { crypto, application, restoredLog, onRestored: async () => undefined, stateSizeMax: 2 * MIB };
    const restore = new SyncRestore(options);
    const offered = { height: 7, format: 1, chunkCount: chunkCountOf(manifest), hash: crypto.sha256(metadata), metadata };
    assert.equal(restore.offer({ ...offered, manifest } as never, new Uint8Array(32)), 'accept');
    const answers: ChunkAnswer[] = [];
    for (const [index, chunk] of chunks.entries()) answers.push(await restore.apply({ index, chunk, sender: 'peer' }));
    assert.deepEqual(
      answers.map(({ result }) => result),
      ['accept', 'accept', 'reject snapshot'],
    );
    assert.deepEqual([applied, answers[2]?.ban], [[0, 1], ['peer']]);
  });
});
