import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, concatBytes, encodeUint32, readUint64, toOctets } from '@oppidum/formats/bytes';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { flipRow, inTable, last, middle, removeRow } from '../../../../test/support/damaged-city.ts';
import type { Decision } from '../stored-group.ts';
import { Vault } from '../vault.ts';
import { Environment, VAULT_TABLES } from './environment.ts';
import { Findings, type FsckEvent } from './findings.ts';
import { DigestRows, PlaceRows } from './late-rows.ts';
import { parseGroupRow } from './vault-rows.ts';

const shard = new Uint8Array(32);
const GROUP_SIZE = 4_096;
/** Two runs of digests and more, in groups that do not divide them. */
const GROUP_COUNT = 34;
const DEVICE_COUNT = 40;
const folder = mkdtempSync(join(tmpdir(), 'oppidum-late-'));
after(() => rmSync(folder, { recursive: true }));

const hashOf = (n: number): Bytes => crypto.sha256(encodeUint32(n));
/** Every seventh is refused. */
const isKept = (n: number): boolean => n % 7 !== 3;

function placeOf(device: number, keyNumber: number, sequence: number) {
  const id = hashOf(device);
  return { name: toOctets(concatBytes(id, encodeUint32(keyNumber))), device: id, keyNumber, sequence };
}

function decisionOf(n: number, index: number): Decision {
  const [group, position] = [Math.floor(n / GROUP_SIZE), n % GROUP_SIZE];
  const place = placeOf(n % DEVICE_COUNT, n % 3, n + 1);
  return { ...place, digest: hashOf(n), contentDigest: shard, group, position, outcome: isKept(n) ? index : 'WRONG_TYPE' };
}

async function fill(vault: Vault): Promise<void> {
  const tree = new CompactTree(crypto);
  for (let group = 0; group < GROUP_COUNT; group++) {
    const decisions: Decision[] = [];
    let index = vault.size;
    for (let n = group * GROUP_SIZE; n < (group + 1) * GROUP_SIZE; n++) {
      decisions.push(decisionOf(n, index));
      if (isKept(n)) index++;
    }
    const entries = decisions
      .filter(({ outcome }) => typeof outcome === 'number')
      .map(({ digest }) => ({ form: 'plain' as const, data: digest.slice(0, 4) }));
    const receipts = { signedHead: shard, leafHashes: new Uint8Array(32 * GROUP_SIZE) };
    await vault.commit({ receivedMs: 1, entries, decisions, clones: [], receipts, tree });
  }
}

function compare(vault: Vault): void {
  const all: number[] = [];
  for (let n = 0; n < GROUP_COUNT * GROUP_SIZE; n++) if (isKept(n)) all.push(n);
  assert.equal(vault.size, all.length);
  for (let index = 0; index < all.length; index += 997) {
    const want = decisionOf(all[index] as number, index);
    assert.equal(vault.indexOf(want.digest), index);
    assert.deepEqual(vault.decision(want), want);
    assert.deepEqual(vault.entry(index)?.data, want.digest.slice(0, 4));
  }
  const refused = decisionOf(3, 0);
  assert.deepEqual(vault.decision(refused), refused);
  assert.equal(vault.indexOf(refused.digest), null);
  assert.equal(vault.decision(placeOf(3, 1, refused.sequence)), null);
  const [device, lastOfDevice] = [hashOf(0), Math.floor((GROUP_COUNT * GROUP_SIZE - 1) / 120) * 120];
  assert.equal(vault.highestSequence({ device, keyNumber: 0 }), lastOfDevice + 1);
  const indexes = all.flatMap((n, index) => (n % DEVICE_COUNT === 0 ? [index] : []));
  assert.deepEqual(
    [...vault.indexesOf(device)].sort((a, b) => a - b),
    indexes,
  );
}

async function codesOf(): Promise<string[]> {
  const events: FsckEvent[] = [];
  const findings = new Findings((event) => events.push(event));
  const environment = new Environment(folder, VAULT_TABLES);
  const options = { environment, findings, name: 'vault' };
  const placed = readUint64(environment.table<string, Bytes>(VAULT_TABLES.head).get('placed') as Bytes, 0);
  const [digests, places] = [new DigestRows(options), new PlaceRows(options, placed)];
  for (const { key, value } of environment.table<number, Bytes>(VAULT_TABLES.groups).rows()) {
    for (const decision of parseGroupRow(value).decisions) {
      places.add(key, decision);
      if (typeof decision.outcome === 'number') digests.add(decision.digest);
    }
  }
  digests.finish();
  places.finish(GROUP_COUNT);
  await environment.close();
  return [...new Set(events.flatMap((event) => ('damage' in event ? [`${event.damage.code} ${event.damage.file}`] : [])))].sort();
}

test('what is written late is found before and after, also by another start; a bit of it that changed is found', async () => {
  let vault = await Vault.open(folder, shard);
  await fill(vault);
  compare(vault);
  await vault.close();
  vault = await Vault.open(folder, shard);
  compare(vault);
  await vault.close();
  assert.deepEqual(await codesOf(), []);
  await inTable('', VAULT_TABLES.digestRuns, flipRow(middle, 9))(folder);
  assert.deepEqual(await codesOf(), ['INDEX_DAMAGED vault/digestRuns']);
  await inTable('', VAULT_TABLES.places, flipRow(middle, 7))(folder);
  assert.deepEqual(await codesOf(), ['INDEX_DAMAGED vault/digestRuns', 'INDEX_DAMAGED vault/places']);
  await inTable('', VAULT_TABLES.digestRuns, removeRow(last))(folder);
  await inTable('', VAULT_TABLES.places, removeRow(middle))(folder);
  assert.deepEqual(await codesOf(), ['INDEX_DAMAGED vault/digestRuns', 'INDEX_DAMAGED vault/places']);
});
