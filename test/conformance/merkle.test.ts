import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runMerkleSuite } from '@oppidum/cli/conformance/merkle';
import { sharedFolder } from '../support/shared.ts';

const shared = sharedFolder();
const SKIP = shared === null && process.env['OPPIDUM_REQUIRE_ALL'] !== '1' ? 'the shared test data is not here' : false;

test('transparency-dev/merkle: every inclusion and consistency case, from any folder of the tree', { skip: SKIP }, async () => {
  assert.ok(shared !== null, 'the shared test data is required');
  const folder = join(shared, 'data/crypto/merkle');
  for (const [below, countMin] of [
    ['', 128],
    ['inclusion', 98],
    ['consistency', 30],
    ['inclusion/additional', 9],
  ] as const) {
    const result = await runMerkleSuite(join(folder, below));
    assert.deepEqual(result.failures, []);
    assert.equal(result.skipped, 0);
    assert.ok(result.passed >= countMin, `${below}: ${result.passed} passed`);
  }
});

test('a suite that is wrong about a proof says where and why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-merkle-'));
  const hash = Buffer.alloc(32, 7).toString('base64');
  const single = { leafIdx: 0, treeSize: 1, leafHash: hash, root: hash, proof: null, desc: 'single' };
  const cases = {
    'inclusion/right.json': { ...single, wantErr: false },
    'inclusion/deep/wrong.json': { ...single, wantErr: true },
    'inclusion/refused.json': { ...single, treeSize: 2, wantErr: false },
    'inclusion/huge.json': { ...single, leafIdx: 2 ** 63, treeSize: 2 ** 64, wantErr: true },
    'inclusion/sextets.json': { ...single, root: 'AB==', wantErr: false },
    'consistency/same.json': { size1: 3, size2: 3, root1: hash, root2: hash, proof: [], desc: 'same', wantErr: false },
    'other.json': { hello: 'world' },
    'list.json': [1],
  };
  try {
    for (const [file, content] of Object.entries(cases)) {
      mkdirSync(join(folder, file, '..'), { recursive: true });
      writeFileSync(join(folder, file), JSON.stringify(content));
    }
    writeFileSync(join(folder, 'broken.json'), '{');
    writeFileSync(join(folder, 'LICENSE'), 'text');
    const { passed, failed, skipped, failures, skips } = await runMerkleSuite(folder);
    assert.deepEqual([passed, failed, skipped], [3, 4, 2]);
    assert.deepEqual(
      failures.map(({ file, reason }) => [file, reason]),
      [
        ['broken.json', 'not JSON'],
        ['inclusion/deep/wrong.json', 'a false proof was accepted'],
        ['inclusion/refused.json', 'a true proof was refused: PROOF_LENGTH_WRONG'],
        ['inclusion/sextets.json', 'unreadable: TEXT_INVALID'],
      ],
    );
    assert.deepEqual(
      skips.map(({ file }) => file),
      ['list.json', 'other.json'],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
