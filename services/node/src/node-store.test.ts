import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { queryObjects } from 'node:v8';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { NodeStore } from './node-store.ts';

test('parsed blocks stay in memory up to a bound in bytes, however few transactions they have', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-store-'));
  const store = NodeStore.open({ folder, crypto });
  try {
    const arraysOf = (): number => queryObjects(Uint8Array, { format: 'count' });
    const [before, envelopeSize, count] = [arraysOf(), 131_072, 400];
    for (let height = 0; height < count; height++) {
      store.commit({
        ...{ height, timeMs: height, firstIndex: 0, edge: store.edge, log: store.logWith([]), hasBlockLeaf: false },
        envelopes: [new Uint8Array(envelopeSize)],
        outcomes: [{ refused: { code: 'EXPIRED', details: {}, id: null } }],
        changes: [],
        leaves: [],
      });
    }
    const kept = arraysOf() - before;
    assert.ok(kept < 300, `16 MiB are 128 blocks of this size, with an edge and an envelope each: ${kept}`);
    assert.equal(store.block(0)?.outcomes.length, 1, 'what left memory is read again');
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
