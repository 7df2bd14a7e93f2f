import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { encodeEvidence, parseEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { TILE_WIDTH } from '@oppidum/formats/tiles';
import { runCommand } from '../../../test/support/command-line.ts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { tilesOf } from '../../../test/support/served-log.ts';

/** More than two full tiles, so that proofs need hashes of two levels and of partial tiles. */
const LEAF_COUNT_MIN = 2 * TILE_WIDTH + 3;

const folder = mkdtempSync(join(tmpdir(), 'oppidum-refresh-'));
const city = new EvidenceCity();
const index = city.keep(city.sign(1));
const early = encodeEvidence(city.proveReading(index, city.anchor()));
while (city.log.size < LEAF_COUNT_MIN) city.anchor();

const files = tilesOf(city.log);
/** The policy never changed. */
const NO_CHANGES = encodeUtf8(JSON.stringify({ items: [], next: null }));
const server = createServer(({ url = '' }, response) => {
  const file = url.startsWith('/api/v1/policies') ? NO_CHANGES : files.get(url);
  response.writeHead(file === undefined ? 404 : 200).end(file);
});
let api = '';

before(async () => {
  writeFileSync(join(folder, 'city.policy'), encodePolicy(nodeCrypto, city.policy));
  writeFileSync(join(folder, 'early.evidence'), early);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const refresh = (args: readonly string[] = []) =>
  runCommand(['evidence', 'refresh', 'early.evidence', '--out', 'new.evidence', '--api', api, ...args], { cwd: folder });

test('evidence is brought under the newest head by a proof from tiles of two levels, from any size', async () => {
  for (const size of [LEAF_COUNT_MIN, TILE_WIDTH + 1, 2 * TILE_WIDTH]) {
    const grown = new MemoryLog(city.log.entries.slice(0, size));
    files.clear();
    for (const [path, content] of tilesOf(grown)) files.set(path, content);
    files.set('/log/checkpoint', city.checkpoint(size));
    const { code, stderr } = await refresh();
    assert.equal(code, 0, stderr);
    const refreshed = parseEvidence(new Uint8Array(readFileSync(join(folder, 'new.evidence'))));
    assert.ok(refreshed.prior !== undefined);
    assert.equal((await runCommand(['verify', 'new.evidence'], { cwd: folder })).code, 0);
  }
});

test('a tile that is altered or missing, and a head that is older, are refused', async () => {
  const tiles = tilesOf(city.log);
  files.clear();
  for (const [path, content] of tiles)
    files.set(
      path,
      content.map((byte) => byte ^ 1),
    );
  files.set('/log/checkpoint', city.checkpoint());
  const altered = await refresh(['-v']);
  assert.equal(altered.code, 3);
  assert.match(altered.stderr, /code ROOT_MISMATCH/);
  for (const path of tiles.keys()) files.delete(path);
  assert.equal((await refresh()).code, 1);
  files.set('/log/checkpoint', city.checkpoint(1));
  const older = await refresh();
  assert.equal(older.code, 1);
  assert.match(older.stderr, /Ask another node, or wait/);
});

test('a policy that was succeeded leads to its successor by evidence, and to nothing without', async () => {
  const { former, announced } = city.changePolicy('next', 4);
  writeFileSync(join(folder, 'former.policy'), encodePolicy(nodeCrypto, former));
  writeFileSync(join(folder, 'announced.evidence'), encodeEvidence(announced));
  const later = city.keep(city.sign(2));
  writeFileSync(join(folder, 'later.evidence'), encodeEvidence(city.proveReading(later, city.anchor())));
  const verify = (args: readonly string[]) =>
    runCommand(['verify', ...args, '--policy', 'former.policy', '--json'], { cwd: folder });
  assert.equal((await verify(['later.evidence'])).code, 3);
  assert.equal((await verify(['later.evidence', '--successor', 'announced.evidence'])).code, 0);
  const stale = await verify(['early.evidence', '--successor', 'announced.evidence']);
  assert.deepEqual([stale.code, (JSON.parse(stale.stdout) as { verdict: string }).verdict], [3, 'POLICY_STALE']);
  const none = await verify(['later.evidence', '--successor', 'early.evidence']);
  assert.deepEqual([none.code, none.stdout], [3, '']);
  assert.match(none.stderr, /proves no successor: UNREADABLE/);
});
