import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodeEvidence, POLICY_CLAIM } from '@oppidum/formats/evidence';
import { encodePolicy, evaluatePolicy, type Policy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import {
  actionOf,
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  freshBytes,
  inTemporaryFolder,
  type RunningCity,
  runCity,
} from '../../../test/support/running-city.ts';
import type { NodeClient } from './client.ts';
import { openDataFolder } from './data-folder.ts';
import { minimalNote, stateEvidence, transactionEvidence } from './evidence.ts';
import { writeSeedFile } from './key-files.ts';
import { openWitnessSeed, Witness } from './witness.ts';
import { serveWitness } from './witness-server.ts';

/** The council decides a policy; its digest stands in force from the block after. */
async function decide({ client, operator, folder }: RunningCity, policy: Policy): Promise<Bytes> {
  const file = encodePolicy(crypto, policy);
  const { timeMs } = client.head();
  const create = actionOf('proposal/create', {
    id: freshBytes(32),
    body: folder.genesis.council,
    actions: [actionOf('policy/change', { policy: file })],
    expiresMs: timeMs + 600_000,
  });
  assert.equal((await execute(client, envelopeOf(client, operator, [create]))).code, 'OK');
  return file;
}

/** A policy of one new validator, whose keys this node has. */
async function policyOfNewKeys({ client, folder }: RunningCity, number: number): Promise<Policy> {
  const [logSeed, cosignerSeed] = [freshBytes(32), freshBytes(32)];
  await writeSeedFile(join(folder.paths.keys, `log-${number}.seed`), logSeed);
  await writeSeedFile(join(folder.paths.keys, `cosigner-${number}.seed`), cosignerSeed);
  const keys = { logKey: ed25519Signer(logSeed).publicKey, cosignerKey: ed25519Signer(cosignerSeed).publicKey };
  return policyOfValidators(client.origin, [{ name: `validator-${number}`, ...keys }]);
}

async function reach({ client }: RunningCity, height: number): Promise<void> {
  while (client.head().height < height) await new Promise(setImmediate);
}

/** Blocks of work after a decision: the one that puts it into force comes by itself. */
async function twoMoreBlocks(city: RunningCity): Promise<void> {
  const { client, operator } = city;
  await reach(city, client.head().height + 1);
  assert.equal((await execute(client, envelopeOf(client, operator, [freshAccount().action]))).code, 'OK');
}

const isBelieved = (file: Bytes, note: Bytes): boolean =>
  refusalOf(evaluatePolicy(crypto, parsePolicy(crypto, file), note)) === null;

async function assertProvable(client: NodeClient, file: Bytes): Promise<void> {
  const [transaction] = client.block(client.head().height)!.transactions;
  const evidence = await transactionEvidence(client, crypto, transaction!.id);
  const report = verifyEvidence(crypto, encodeEvidence(evidence), { policy: parsePolicy(crypto, file) });
  assert.equal(report.verdict, 'OK', JSON.stringify(report));
}

/** Whoever trusts the first of these policies comes to trust the last, by the files kept alone. */
function assertSuccession(folder: string, [first, ...others]: readonly Bytes[]): void {
  let trust: Trust = { policy: parsePolicy(crypto, first!) };
  const heights = readdirSync(folder).map((name) => Number(name.replace('.evidence', '')));
  assert.equal(heights.length, others.length);
  for (const height of heights.sort((a, b) => a - b)) {
    const kept = verifySuccessorPolicy(crypto, new Uint8Array(readFileSync(join(folder, `${height}.evidence`))), trust);
    assert.deepEqual(kept.successor?.file, others.shift(), JSON.stringify(kept.report.steps));
    trust = kept.trust!;
  }
}

describe('policy change', () => {
  test('a new validator key: the old set vouches for the block that names it, the new set signs the next', () =>
    inTemporaryFolder(async (path) => {
      const city = await runCity(await foundTestCity(path));
      const { client, folder } = city;
      const former = client.policyFile();
      const heard: { readonly height: number; readonly note: Bytes }[] = [];
      client.onBlock(({ height, logSize }) => {
        void client.checkpointOf(logSize).then(({ note }) => heard.push({ height, note }));
      });
      const before = await client.checkpointOf(client.head().logSize);
      const file = await decide(city, await policyOfNewKeys(city, 2));
      assert.ok(!equalBytes(file, former));
      const decidedHeight = client.head().height;
      await twoMoreBlocks(city);
      const { note } = await client.checkpointOf(client.head().logSize);
      assert.ok(isBelieved(file, note) && !isBelieved(former, note), 'the new set signs');
      const handover = heard.find(({ height }) => height === decidedHeight + 1);
      assert.ok(handover !== undefined && isBelieved(former, handover.note), 'the old set vouched for the new one');
      assert.ok(parseCheckpointNote(handover.note).checkpoint.size < parseCheckpointNote(note).checkpoint.size);
      assert.deepEqual(client.policyFile(), file);
      assert.deepEqual(new Uint8Array(readFileSync(folder.paths.policy)), file);
      await assertProvable(client, file);
      // Whoever was given a checkpoint before the change and makes evidence of it afterwards makes it under the policy of that checkpoint.
      assert.deepEqual(client.policyFileOf(before.size), former);
      assert.ok(isBelieved(former, minimalNote(client, crypto, before)));
      assertSuccession(folder.paths.policies, [former, file]);
      await city.stop();

      const again = await runCity(await openDataFolder({ folder: path, crypto }));
      await execute(again.client, envelopeOf(again.client, again.operator, [freshAccount().action]));
      await assertProvable(again.client, file);
      await again.stop();
    }));

  test("in a city at rest the new set vouches for a block in which nothing happens, without anybody's transaction", () =>
    inTemporaryFolder(async (path) => {
      const city = await runCity(await foundTestCity(path));
      const { client, folder } = city;
      const former = client.policyFile();
      const first = await decide(city, await policyOfNewKeys(city, 2));
      const decided = client.head().height;
      await reach(city, decided + 2);
      const { logSize } = client.head();
      const { note } = await client.checkpointOf(logSize);
      assert.ok(isBelieved(first, note) && !isBelieved(former, note), 'the new set signs');
      const block = client.block(decided + 2) ?? assert.fail();
      assert.deepEqual([block.transactions, block.changes, block.logSize], [[], [], logSize]);
      assert.deepEqual(client.policyFile(), first);
      const evidence = await stateEvidence(client, crypto, POLICY_CLAIM);
      assert.equal(verifyEvidence(crypto, encodeEvidence(evidence), { policy: parsePolicy(crypto, first) }).verdict, 'OK');

      const second = await decide(city, await policyOfNewKeys(city, 3));
      // Nothing came after the block of the new set but the decision.
      assert.equal(client.head().height, decided + 3);
      await reach(city, decided + 5);
      assert.ok(isBelieved(second, (await client.checkpointOf(client.head().logSize)).note));
      assertSuccession(folder.paths.policies, [former, first, second]);
      await city.stop();
    }));

  test('a city that runs the first version of the rules waits for a transaction, until it upgrades', () =>
    inTemporaryFolder(async (path) => {
      const city = await runCity(await foundTestCity(path, Date.now(), 1));
      const { client, operator, folder } = city;
      const former = client.policyFile();
      const first = await decide(city, await policyOfNewKeys(city, 2));
      const decided = client.head().height;
      await reach(city, decided + 1);
      assert.ok(isBelieved(former, (await client.checkpointOf(client.head().logSize)).note));
      const plan = actionOf('proposal/create', {
        id: freshBytes(32),
        body: folder.genesis.council,
        actions: [actionOf('upgrade/plan', { version: 2, height: decided + 3 })],
        expiresMs: client.head().timeMs + 600_000,
      });
      assert.equal((await execute(client, envelopeOf(client, operator, [plan]))).height, decided + 2, 'no block came by itself');
      assert.ok(isBelieved(first, (await client.checkpointOf(client.head().logSize)).note));
      const second = await decide(city, await policyOfNewKeys(city, 3));
      assert.equal(client.head().height, decided + 3);
      await reach(city, decided + 5);
      assert.ok(isBelieved(second, (await client.checkpointOf(client.head().logSize)).note));
      await city.stop();
    }));

  test("a node that stopped before the old set's last word says it first when it starts again", () =>
    inTemporaryFolder(async (path) => {
      const { promise: halted, resolve: onFailure } = Promise.withResolvers<Error>();
      const city = await runCity(await foundTestCity(path), { haltHeight: 2, onFailure });
      const { paths } = city.folder;
      const former = city.client.policyFile();
      const file = await decide(city, await policyOfNewKeys(city, 2));
      await halted;
      assert.equal(city.client.head().height, 2);
      await city.stop();
      // As a loss of power would have left it, with block 2 durable and nothing said of it.
      for (const said of [join(paths.log, 'checkpoint'), join(paths.policies, '2.evidence')]) rmSync(said);

      const again = await runCity(await openDataFolder({ folder: path, crypto }));
      await reach(again, 3);
      assert.ok(isBelieved(file, (await again.client.checkpointOf(again.client.head().logSize)).note));
      assertSuccession(paths.policies, [former, file]);
      await again.stop();
    }));

  test('an outside witness that the quorum demands is asked over HTTP; while it is gone, nothing is published', () =>
    inTemporaryFolder(async (path) => {
      const city = await runCity(await foundTestCity(path));
      const { client } = city;
      const present = parsePolicy(crypto, client.policyFile());
      const folder = join(path, '..', 'witness');
      const signer = ed25519Signer(await openWitnessSeed(folder, () => freshBytes(32)));
      const name = 'witness.example';
      const witness = Witness.open({ folder, policy: present, crypto, signer, name, nowS: () => 1_800_000_000 });
      const faults: Error[] = [];
      const onFault = (error: Error): unknown => faults.push(error);
      const server = await serveWitness({ witness, host: '127.0.0.1', port: 0, onFault });
      const outside = { name: 'w1', key: { name, algorithm: 'cosignature' as const, publicKey: signer.publicKey } };
      const policy: Policy = {
        ...present,
        witnesses: [...present.witnesses, { ...outside, url: `http://127.0.0.1:${server.port}` }],
        groups: [...present.groups, { name: 'all', threshold: 2, members: ['validators', 'w1'] }],
        quorum: 'all',
      };
      const file = await decide(city, policy);
      await twoMoreBlocks(city);
      const { note, size } = await client.checkpointOf(client.head().logSize);
      assert.ok(isBelieved(file, note));
      assert.ok(parseCheckpointNote(note).note.signatures.some((line) => line.name === name));
      await assertProvable(client, file);
      assert.deepEqual(faults, []);

      await server.close();
      await execute(client, envelopeOf(client, city.operator, [freshAccount().action]));
      const state = client.proveState([{ lo: new Uint8Array(2), hi: new Uint8Array(2) }], size);
      assert.equal((await state).values.length, 0);
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.equal(client.checkpoint()?.size, size, 'the ledger goes on, its checkpoints wait');
      await city.stop();
      await assert.rejects(client.checkpointOf(size + 1), /closed/);
    }));

  test('the record of the policy is proven like any other', () =>
    inTemporaryFolder(async (path) => {
      const city = await runCity(await foundTestCity(path));
      const evidence = await stateEvidence(city.client, crypto, POLICY_CLAIM);
      const trust = { policy: parsePolicy(crypto, city.client.policyFile()) };
      assert.equal(verifyEvidence(crypto, encodeEvidence(evidence), trust).verdict, 'OK');
      await city.stop();
    }));
});
