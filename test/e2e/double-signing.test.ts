/**
 * A validator's folder that runs on two machines, all of it real processes. The copy was made when the city was founded, so that its
 * `priv_validator_state` is empty; it has a node key and a port of its own, for peers take no two nodes of one id. Whenever it is the
 * validator's turn to propose, either of the two makes a block of what it was handed, votes for its own at once, and tells all peers
 * before it hears of the other: CometBFT itself makes the evidence, within a few blocks.
 */

import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { encodeKey } from '@oppidum/node/comet-genesis';
import { nodeIdOf } from '@oppidum/node/comet-home';
import { readConsensusKey } from '@oppidum/node/consensus-key';
import { identifyDataFolder } from '@oppidum/node/data-folder';
import { readFirstAccounts } from '@oppidum/node/found-city';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { readSeedFile } from '@oppidum/node/key-files';
import { runCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { skipWithout } from '../support/programs.ts';
import { envelopeOf, freshAccount, freshBytes } from '../support/running-city.ts';
import { makeCluster, type StartedCity, startCluster } from '../support/started-city.ts';

/** A few seconds are what it takes; a busy machine is no fault of what is tested. */
const PATIENCE_MS = 240_000;
const AT_ONCE = 4;

type Doors = { readonly name: string; readonly api: string };
type Listed = {
  readonly validators: readonly { readonly name: string; readonly consensusKey: string }[];
  readonly misbehaviour: readonly Readonly<Record<'validator' | 'kind' | 'at' | 'removed' | 'publicKey', unknown>>[];
};

describe('one validator key in two running nodes', { skip: skipWithout('cometbft'), timeout: 600_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-twice-'));
  const data = join(root, 'cluster');
  const twin = join(root, 'twin');
  const [first, fourth] = [1, 4].map((n) => join(data, `validator-${n}`)) as [string, string];
  /** As the founder published it. */
  const pinned = join(root, 'pinned.policy');
  let city: StartedCity;
  let copy: StartedCity;
  let doors: readonly Doors[] = [];
  let submitted = 0;

  /** What the command says of the ledger of this door, proven under the newest policy; or why it says nothing yet. */
  const list = async (api: string): Promise<Listed | string> => {
    const words = ['validator', 'list', '--json', '--api', api, '--policy', join(first, 'city.policy')];
    const { code, stdout, stderr } = await runCommand(words);
    return code === 0 ? (JSON.parse(stdout) as Listed) : stderr;
  };

  /** A transaction of its own for this door, so that two nodes have different blocks to propose. */
  const submit = async (api: string): Promise<string> => {
    const { genesisHash, paths } = identifyDataFolder({ folder: first, crypto });
    const operator = {
      account: readFirstAccounts(paths).operator,
      keyNumber: 0,
      signer: ed25519Signer(readSeedFile(paths.key('operator'))),
    };
    const client = { genesisHash, head: () => ({ timeMs: Date.now() }) };
    const body = Buffer.from(envelopeOf(client, operator, [freshAccount().action]));
    const answer = await fetch(`${api}/api/v1/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/cose' },
      body,
    });
    submitted++;
    return answer.text();
  };

  before(async () => {
    await makeCluster(data);
    cpSync(join(first, 'city.policy'), pinned);
    const id = await copyValidator(fourth, twin);
    const allowed = await runCommand(['cluster', 'allow', id, '--note', 'a twin', '--data', data]);
    assert.equal(allowed.code, 0, allowed.stderr);
    city = await startCluster(data, ['--no-demo', '--doors', 'all']);
    const { validators } = JSON.parse(city.command.output().stdout.split('\n')[0] as string) as { validators: readonly Doors[] };
    doors = validators;
  });

  after(async () => {
    await copy?.stop();
    await city?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test('CometBFT proves its two votes, and the ledger of every validator says that it lost its place', async () => {
    const key = toHex(readConsensusKey(cometPlaces(fourth).home));
    assert.equal(toHex(readConsensusKey(cometPlaces(twin).home)), key);
    assert.equal(doors.length, 4);
    copy = await startCluster(twin, ['--no-demo']);
    const startedMs = performance.now();
    const convicted = async ({ name, api }: Doors): Promise<Listed> => {
      for (;;) {
        const said = await list(api);
        if (typeof said !== 'string' && said.misbehaviour.length > 0 && said.validators.length === 3) return said;
        const waitedMs = performance.now() - startedMs;
        assert.ok(
          waitedMs < PATIENCE_MS,
          `${name} has nothing against validator-4 after ${waitedMs} ms and ${submitted} transactions to it and its twin: ${JSON.stringify(said)}\n${copy.command.output().stderr.slice(-2_000)}`,
        );
        await sleep(500);
      }
    };
    const isOver = new AbortController();
    const feeding = [doors[3] as Doors, { name: 'twin', api: copy.api }].flatMap(({ api }) =>
      Array.from({ length: AT_ONCE }, async () => {
        while (!isOver.signal.aborted) await submit(api).catch(() => sleep(100));
      }),
    );
    const proving = convicted(doors[0] as Doors);
    await proving.finally(() => isOver.abort());
    await Promise.all(feeding);
    const listed = [await proving];
    // The twin hears of it, too.
    for (const each of [...doors.slice(1), { name: 'twin', api: copy.api }]) listed.push(await convicted(each));
    const [proven] = listed[0]?.misbehaviour ?? [];
    assert.deepEqual(proven, { validator: 'validator-4', kind: 'duplicate-vote', at: proven?.at, removed: true, publicKey: key });
    for (const each of listed) {
      assert.deepEqual(
        each.validators.map(({ name }) => name),
        ['validator-1', 'validator-2', 'validator-3'],
      );
      assert.deepEqual(each.misbehaviour, [proven]);
    }
    const words = await runCommand(['validator', 'list', '--api', doors[1]?.api ?? '', '--policy', join(first, 'city.policy')]);
    assert.match(words.stdout, /^validator-4: duplicate-vote proven at block \d+; removed\.$/m);
  });

  test('three go on, and whoever trusts the founder’s policy is led to the one without it', async () => {
    const before = await runCommand(['policy', 'show', pinned, '--json']);
    assert.equal((JSON.parse(before.stdout) as { validators: object[] }).validators.length, 4);
    const id = (JSON.parse(await submit(doors[0]?.api ?? '')) as { id: string }).id;
    const followed = await runCommand(['policy', 'follow', '--policy', pinned, '--api', doors[2]?.api ?? '']);
    assert.equal(followed.code, 0, followed.stderr);
    const file = join(root, 'after.evidence');
    const made = await runCommand(['evidence', id, '--out', file, '--api', doors[2]?.api ?? '', '--policy', pinned]);
    assert.equal(made.code, 0, made.stderr);
    const verified = await runCommand(['verify', file, '--policy', pinned]);
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stdout, /cosigned by validator-1, validator-2, validator-3\n/);
  });
});

/** Its folder as whoever founded the city may have kept it; answers the node id of the copy. */
async function copyValidator(original: string, copy: string): Promise<string> {
  cpSync(original, copy, { recursive: true });
  chmodSync(join(copy, 'keys'), 0o700);
  const { home } = cometPlaces(copy);
  const seed = freshBytes(32);
  const secret = Uint8Array.of(...seed, ...ed25519Signer(seed).publicKey);
  writeFileSync(join(home, 'config', 'node_key.json'), JSON.stringify({ priv_key: encodeKey('PrivKey', secret) }));
  const config = join(home, 'config', 'config.toml');
  const moved = readFileSync(config, 'utf8').replace(/(\[p2p\]\nladdr = "tcp:\/\/127\.0\.0\.1:)\d+/, `$1${await freePorts(1)}`);
  writeFileSync(config, moved);
  return nodeIdOf(crypto, seed);
}
