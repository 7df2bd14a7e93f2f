import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkRecording, type RecordedCall } from '@oppidum/abci/grammar';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { encodePolicy, evaluatePolicy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import { parseSignedNote } from '@oppidum/formats/signed-note';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { cometEngine } from '@oppidum/node/comet-engine';
import { type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { type OpenCity, openCity } from '@oppidum/node/open-city';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { foundTestCluster, type RunningComet, startComet } from '../support/comet.ts';
import { skipWithout } from '../support/programs.ts';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes, operatorOf } from '../support/running-city.ts';

const COUNT = 4;

type Member = {
  readonly folder: DataFolder;
  readonly city: OpenCity;
  readonly comet: RunningComet;
  /** What its application was told in this life. */
  readonly calls: RecordedCall[];
};

async function startMember(path: string): Promise<Member> {
  const folder = await openDataFolder({ folder: path, crypto });
  const places = cometPlaces(path);
  const startEngine = cometEngine({
    crypto,
    genesis: folder.genesis,
    genesisHash: folder.genesisHash,
    listen: places.app,
    rpc: places.rpc,
  });
  const comet = startComet(places);
  const calls: RecordedCall[] = [];
  const onCall = (call: RecordedCall): void => void calls.push(call);
  return { folder, comet, calls, city: await openCity({ folder, crypto, registry: cityRegistry, startEngine, onCall }) };
}

async function stopMember({ folder, city, comet, calls }: Member, signal: NodeJS.Signals): Promise<void> {
  await comet.stop(signal);
  await city.close();
  folder.release();
  assert.equal(checkRecording(calls), null);
}

describe('four validators', { skip: skipWithout('cometbft'), timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-cluster-'));
  const paths = Array.from({ length: COUNT }, (_, i) => join(root, String(i + 1)));
  const members = new Map<string, Member>();
  let operator: TransactionSigner;

  const memberAt = (i: number): Member => members.get(paths[i % COUNT] as string) as Member;
  const create = async (i: number): Promise<Bytes> => {
    const { client } = memberAt(i).city;
    const committed = await execute(client, envelopeOf(client, operator, [freshAccount().action], Date.now() + 300_000));
    assert.equal(committed.code, 'OK');
    return committed.id;
  };
  /** Every height that all have is the same block with the same app hash everywhere. */
  const assertSameBlocks = async (height: number): Promise<void> => {
    for (const { city } of members.values()) while (city.client.head().height < height) await new Promise(setImmediate);
    for (let at = 0; at <= height; at++) {
      const blocks = [...members.values()].map(({ city }) => city.client.block(at));
      for (const block of blocks) assert.deepEqual(block, blocks[0], `block ${at}`);
    }
  };

  before(async () => {
    await foundTestCluster(paths);
    const started = await Promise.all(paths.map(startMember));
    for (const [i, member] of started.entries()) members.set(paths[i] as string, member);
    operator = operatorOf(memberAt(0).folder);
  });

  after(async () => {
    for (const member of members.values()) await stopMember(member, 'SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });

  test('transactions given to any of them are executed alike by all', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => create(i)));
    const height = Math.max(...[...members.values()].map(({ city }) => city.client.head().height));
    await assertSameBlocks(height);
    for (const { city } of members.values()) for (const id of ids) assert.ok(city.client.transaction(id) !== null, toHex(id));
  });

  test('each publishes a checkpoint that three of four cosigned, believed under the policy of genesis', async () => {
    const id = await create(1);
    for (const { city, folder } of members.values()) {
      while (city.client.transaction(id) === null) await new Promise(setImmediate);
      const { note, root: rootHash } = await city.client.checkpointOf(city.client.transaction(id)!.index + 1);
      const policy = parsePolicy(crypto, city.client.policyFile());
      assert.equal(refusalOf(evaluatePolicy(crypto, policy, note)), null);
      assert.equal(parseSignedNote(note).signatures.length, 4, 'one of the log, three of validators');
      assert.equal(rootHash.length, 32);
      assert.equal(toHex(folder.genesisHash), toHex(memberAt(0).folder.genesisHash));
    }
  });

  test('the council changes the policy: the old set hands over on every node, and whoever trusts it comes to trust the new', async () => {
    const { client } = memberAt(0).city;
    const former = client.policyFile();
    const policy = parsePolicy(crypto, former);
    const logs = policy.logs.map((log, i) => (i === 0 ? { ...log, url: 'https://one.example/log' } : log));
    const file = encodePolicy(crypto, { ...policy, logs });
    const propose = actionOf('proposal/create', {
      id: freshBytes(32),
      body: memberAt(0).folder.genesis.council,
      actions: [actionOf('policy/change', { policy: file })],
      expiresMs: Date.now() + 3_600_000,
    });
    assert.equal((await execute(client, envelopeOf(client, operator, [propose], Date.now() + 300_000))).code, 'OK');
    for (let i = 0; i < 4; i++) await create(i);
    for (const { city, folder } of members.values()) {
      while (toHex(city.client.policyFile()) !== toHex(file)) await sleep(50);
      const { note } = city.client.checkpoint() as { note: Bytes };
      assert.equal(refusalOf(evaluatePolicy(crypto, parsePolicy(crypto, file), note)), null);
      const kept = readdirSync(folder.paths.policies);
      assert.equal(kept.length, 1);
      const successor = new Uint8Array(readFileSync(join(folder.paths.policies, kept[0] as string)));
      assert.deepEqual(verifySuccessorPolicy(crypto, successor, { policy }).successor?.file, file);
    }
  });

  test('one is killed and the others go on; it comes back and has everything', async () => {
    const killed = paths[3] as string;
    await stopMember(members.get(killed) as Member, 'SIGKILL');
    members.delete(killed);
    const ids: Bytes[] = [];
    for (let i = 0; i < 6; i++) ids.push(await create(i % 3));
    members.set(killed, await startMember(killed));
    ids.push(await create(0));
    await assertSameBlocks(memberAt(0).city.client.head().height);
    for (const id of ids) assert.ok(memberAt(3).city.client.transaction(id) !== null);
  });

  test('two of four are down: no progress and no damage; when they are back, what waited is executed', async () => {
    const down = paths.slice(2);
    await Promise.all(down.map((path) => stopMember(members.get(path) as Member, 'SIGKILL')));
    for (const path of down) members.delete(path);
    const { height } = memberAt(0).city.client.head();
    let isExecuted = false;
    const waiting = create(0).finally(() => {
      isExecuted = true;
    });
    await sleep(2_000);
    assert.equal(isExecuted, false);
    assert.ok(memberAt(0).city.client.head().height <= height + 1, 'at most the block that was decided already');
    for (const [i, member] of (await Promise.all(down.map(startMember))).entries()) members.set(down[i] as string, member);
    const id = await waiting;
    await assertSameBlocks(memberAt(0).city.client.head().height);
    for (const { city } of members.values()) assert.ok(city.client.transaction(id) !== null);
  });

  test('all are killed at once and go on where they were', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => create(i)));
    await Promise.all([...members.values()].map((member) => stopMember(member, 'SIGKILL')));
    members.clear();
    for (const [i, member] of (await Promise.all(paths.map(startMember))).entries()) members.set(paths[i] as string, member);
    const last = await create(2);
    await assertSameBlocks(memberAt(2).city.client.head().height);
    for (const { city } of members.values())
      for (const id of [...ids, last]) assert.ok(city.client.transaction(id) !== null, 'what was answered is kept');
  });
});
