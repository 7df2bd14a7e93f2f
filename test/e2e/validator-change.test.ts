import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy, evaluatePolicy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import { at } from '@oppidum/formats/state-layout';
import { misbehaviourKind, type Validator, validatorSetKind } from '@oppidum/formats/state-validators';
import { readConsensusKey } from '@oppidum/node/consensus-key';
import { transactionEvidence } from '@oppidum/node/evidence';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { writeSeedFile } from '@oppidum/node/key-files';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { foundTestCluster } from '../support/comet.ts';
import { voteTwice } from '../support/double-vote.ts';
import { foundReader, type Member, startMember, stopMember } from '../support/members.ts';
import { skipWithout } from '../support/programs.ts';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes, operatorOf } from '../support/running-city.ts';

const COUNT = 4;
/** A busy machine is no fault of what is tested. */
const PATIENCE_MS = 120_000;

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(performance.now() < end, what);
    await sleep(50);
  }
}

describe('validators come, change their keys and go', { skip: skipWithout('cometbft'), timeout: 600_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-validators-'));
  const paths = Array.from({ length: COUNT + 1 }, (_, i) => join(root, String(i + 1)));
  const members = new Map<string, Member>();
  const policies: Bytes[] = [];

  const memberAt = (i: number): Member => members.get(paths[i] as string) ?? assert.fail(`member ${i} is away`);
  const client = () => memberAt(0).city.client;
  const setOf = (): readonly Validator[] => client().read(at(validatorSetKind))?.validators ?? [];
  const submit = async (...actions: ReturnType<typeof actionOf>[]): Promise<Bytes> => {
    const signer = operatorOf(memberAt(0).folder);
    const executed = await execute(client(), envelopeOf(client(), signer, actions, Date.now() + 300_000));
    assert.equal(executed.code, 'OK', JSON.stringify(executed.details));
    return executed.id;
  };
  const create = (): Promise<Bytes> => submit(freshAccount().action);

  /** The council decides who the validators are; everybody that runs publishes under the new policy, proven under the old one, and nothing else happens. */
  const decide = async (validators: readonly Validator[]): Promise<void> => {
    const policy = encodePolicy(crypto, policyOfValidators(client().origin, validators));
    const named = validators.map(({ cosignerKey: _, ...rest }) => rest);
    await submit(
      actionOf('proposal/create', {
        id: freshBytes(32),
        body: memberAt(0).folder.genesis.council,
        actions: [actionOf('policy/change', { policy, validators: named })],
        expiresMs: Date.now() + 3_600_000,
      }),
    );
    await arrived(policy);
  };
  const arrived = async (policy: Bytes): Promise<void> => {
    policies.push(policy);
    await until('in force', () =>
      [...members.values()].every(({ city }) => city.client.head().height >= (inForceAt(policy) ?? 1e9) + 1),
    );
    // Nobody has to do anything for that.
    for (const [path, { city }] of members)
      await until(`${path} publishes under policy ${policies.length}`, () => equalBytes(city.client.policyFile(), policy));
  };
  const inForceAt = (_policy: Bytes): number | undefined => client().read(at(validatorSetKind))?.from;

  /** Everybody has this transaction under a checkpoint that the newest policy believes; answers who cosigned at the first. */
  const checked = async (id: Bytes): Promise<readonly string[]> => {
    let cosigners: readonly string[] = [];
    for (const { city } of [...members.values()].reverse()) {
      await until('the transaction is everywhere', () => city.client.transaction(id) !== null);
      const evidence = encodeEvidence(await transactionEvidence(city.client, crypto, id));
      const policy = parsePolicy(crypto, policies.at(-1) as Bytes);
      assert.equal(verifyEvidence(crypto, evidence, { policy }).verdict, 'OK');
      const { note } = city.client.checkpoint() ?? assert.fail('no checkpoint');
      const report = evaluatePolicy(crypto, policy, note);
      assert.equal(refusalOf(report), null);
      cosigners = report.cosignatures.map(({ witness }) => witness.name);
    }
    return cosigners;
  };

  /** While this one is away the others need everybody else. */
  const without = async (i: number): Promise<readonly string[]> => {
    const path = paths[i] as string;
    await stopMember(memberAt(i));
    members.delete(path);
    const cosigners = await checked(await create());
    members.set(path, await startMember(path));
    await until('it is back', () => memberAt(i).city.client.head().height >= client().head().height);
    return cosigners;
  };

  before(async () => {
    await foundTestCluster(paths.slice(0, COUNT));
    const started = await Promise.all(paths.slice(0, COUNT).map((path) => startMember(path)));
    for (const [i, member] of started.entries()) members.set(paths[i] as string, member);
    policies.push(client().policyFile());
    await create();
  });

  after(async () => {
    for (const member of members.values()) await stopMember(member);
    rmSync(root, { recursive: true, force: true });
  });

  test('a fifth reads, is voted in, votes and cosigns', async () => {
    const path = paths[COUNT] as string;
    const fifth = await foundReader({
      folder: path,
      like: memberAt(0).folder,
      peers: paths.slice(0, COUNT),
      name: 'validator-5',
    });
    members.set(path, await startMember(path));
    await until('it has what the others have', () => memberAt(4).city.client.head().height >= client().head().height);
    assert.equal(setOf().length, 4);
    await decide([...setOf(), fifth]);
    assert.deepEqual(setOf().at(-1), fifth);
    const cosigners = await without(1);
    assert.deepEqual(cosigners, ['validator-1', 'validator-3', 'validator-4', 'validator-5']);
  });

  test('one changes its cosigner and its consensus key, and goes on by itself', async () => {
    const { paths: places } = memberAt(2).folder;
    const seeds = [freshBytes(32), freshBytes(32)] as const;
    await writeSeedFile(join(places.keys, 'cosigner-next.seed'), seeds[0]);
    await writeSeedFile(join(places.keys, 'consensus-next.seed'), seeds[1]);
    const [cosignerKey, consensusKey] = seeds.map((seed) => ed25519Signer(seed).publicKey) as [Bytes, Bytes];
    const { home } = cometPlaces(places.folder);
    assert.notDeepEqual(readConsensusKey(home), consensusKey);
    await decide(setOf().map((one) => (one.name === 'validator-3' ? { ...one, cosignerKey, consensusKey } : one)));
    await until('CometBFT has the new key', () => equalBytes(readConsensusKey(home), consensusKey));
    const cosigners = await without(1);
    assert.ok(cosigners.includes('validator-3'));
  });

  test('one goes, reads on, and is needed no more', async () => {
    await decide(setOf().filter(({ name }) => name !== 'validator-2'));
    assert.equal(setOf().length, 4);
    await checked(await create());
    const cosigners = await without(1);
    assert.ok(cosigners.length === 3 && !cosigners.includes('validator-2'));
  });

  test('who voted twice is removed by the rules of the block, and three go on', async () => {
    const guilty = setOf().find(({ name }) => name === 'validator-5') ?? assert.fail();
    await voteTwice(memberAt(0).folder, memberAt(4).folder);
    await until('it is on the ledger', () => {
      void create().catch(() => undefined);
      return client().read(at(misbehaviourKind, guilty.consensusKey)) !== null;
    });
    assert.equal(client().read(at(misbehaviourKind, guilty.consensusKey))?.removed, true);
    await until('three are left', () => setOf().length === 3);
    await arrived(encodePolicy(crypto, policyOfValidators(client().origin, setOf())));
    const cosigners = await checked(await create());
    assert.deepEqual(cosigners, ['validator-1', 'validator-3', 'validator-4']);
  });

  test('whoever trusts the first policy is led to the last, by what any of the nodes has kept', () => {
    assert.equal(policies.length, 5);
    for (const { folder } of members.values()) {
      let trust: Trust = { policy: parsePolicy(crypto, policies[0] as Bytes) };
      const heights = readdirSync(folder.paths.policies).map((name) => Number(name.replace('.evidence', '')));
      for (const height of heights.sort((a, b) => a - b)) {
        const file = new Uint8Array(readFileSync(join(folder.paths.policies, `${height}.evidence`)));
        const { report, successor, trust: next } = verifySuccessorPolicy(crypto, file, trust);
        assert.equal(report.verdict, 'OK', `${folder.paths.folder} ${height} ${JSON.stringify(report)}`);
        assert.ok(successor !== null && next !== null);
        trust = next;
      }
      assert.equal(toHex(encodePolicy(crypto, trust.policy)), toHex(policies.at(-1) as Bytes), folder.paths.folder);
    }
  });
});
