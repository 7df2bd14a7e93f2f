import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { encodeState } from '@oppidum/formats/state-layout';
import { validatorSetKind } from '@oppidum/formats/state-validators';
import { inTemporaryFolder } from '../../../test/support/running-city.ts';
import { clusterStatus } from './cluster-status.ts';

/** What one CometBFT would say: its application's height and state, and the app hash in the header of the block after a height. */
type Said = {
  readonly height: number;
  readonly appHash: string;
  readonly headers?: Readonly<Record<number, string>>;
  /** Who votes; else those of the beginning. */
  readonly voting?: readonly string[];
};

const HASH = 'aa'.repeat(32);
const OTHER = 'bb'.repeat(32);
const NAMES = ['validator-1', 'validator-2', 'validator-3', 'validator-4'];
/** Voted in later, so that only the ledger knows its name. */
const NEWCOMER = 'validator-5';
const keyOf = (name: string): Uint8Array => new Uint8Array(32).fill(Number(name.slice(-1)));
const addressOf = (name: string): string =>
  toHex(crypto.sha256(keyOf(name)))
    .slice(0, 40)
    .toUpperCase();

/** The home of a validator, and beside it what answers on the socket of its CometBFT; null: nobody does. */
async function makeValidator(root: string, name: string, said: Said | null, peers: readonly string[]): Promise<Server | null> {
  const folder = join(root, name);
  const config = join(folder, 'comet', 'config');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'config.toml'), `moniker = "${name}"\n`);
  const validators = NAMES.map((each) => ({ name: each, pub_key: { value: Buffer.from(keyOf(each)).toString('base64') } }));
  writeFileSync(join(config, 'genesis.json'), JSON.stringify({ validators }));
  mkdirSync(join(folder, 'log'));
  writeFileSync(
    join(folder, 'log', 'checkpoint'),
    'city.example/1\n7\nroot\n\n— city.example/1 AA==\n— validator-2 AA==\n— validator-3 AA==\n',
  );
  if (said === null) return null;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { method, params } = JSON.parse(body) as { method: string; params: { height?: string } };
      response.end(JSON.stringify({ result: answer(said, peers, method, Number(params.height ?? 0)) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'comet.sock'), resolve));
  return server;
}

function answer(said: Said, peers: readonly string[], method: string, height: number): unknown {
  const last_block_app_hash = Buffer.from(said.appHash, 'hex').toString('base64');
  const voting = said.voting ?? NAMES;
  const set = voting.map((name) => ({ name, logKey: keyOf(name), cosignerKey: keyOf(name), consensusKey: keyOf(name) }));
  const signatures = voting.map((name, i) => ({
    block_id_flag: name === 'validator-4' ? 1 : 2,
    validator_address: addressOf(name),
    timestamp: new Date(1_000_000 + height * 1_000 + (i === 0 ? 5_000 : 0)).toISOString(),
  }));
  const answers: Readonly<Record<string, unknown>> = {
    abci_info: { response: { last_block_height: String(said.height), last_block_app_hash } },
    status: { node_info: { version: '0.38.26' } },
    net_info: { peers: peers.map((moniker) => ({ node_info: { id: moniker, moniker } })) },
    dump_consensus_state: {
      peers: peers.map((name) => ({ node_address: `${name}@127.0.0.1:1`, peer_state: { round_state: { height: '21' } } })),
    },
    abci_query: {
      response: { value: Buffer.from(encodeState(validatorSetKind, { validators: set, from: 9 })).toString('base64') },
    },
    validators: { validators: voting.map((name) => ({ address: addressOf(name) })) },
    commit: { signed_header: { header: { app_hash: (said.headers?.[height] ?? HASH).toUpperCase() }, commit: { signatures } } },
  };
  return answers[method];
}

async function statusOf(said: Readonly<Record<string, Said | null>>, peers: readonly string[] = NAMES.slice(1)) {
  let status: Awaited<ReturnType<typeof clusterStatus>> | undefined;
  await inTemporaryFolder(async (root) => {
    const servers = await Promise.all(Object.entries(said).map(([name, each]) => makeValidator(root, name, each, peers)));
    status = await clusterStatus(
      Object.keys(said).map((name) => join(root, name)),
      crypto,
    );
    for (const server of servers) server?.close();
  });
  assert.ok(status !== undefined);
  return status;
}

describe('how validators are', () => {
  const good: Said = { height: 20, appHash: HASH };

  test('four of one state: heights, cosigners, votes, and whose clock is ahead', async () => {
    const status = await statusOf({ 'validator-1': good, 'validator-2': good, 'validator-3': good, 'validator-4': good });
    assert.deepEqual([status.ok, status.isDeciding, status.faults], [true, true, 1]);
    const [first, , , fourth] = status.validators;
    assert.deepEqual([first?.height, first?.appHash, first?.peerCount, first?.engineVersion], [20, HASH, 3, '0.38.26']);
    assert.deepEqual([first?.cosignedSize, first?.cosigners], [7, ['validator-2', 'validator-3']]);
    assert.deepEqual(
      [first?.votes, fourth?.votes],
      [
        { count: 10, of: 10 },
        { count: 0, of: 10 },
      ],
    );
    assert.deepEqual([first?.clockAheadMs, fourth?.clockAheadMs], [5_000, null]);
  });

  test('another state at one height is found, and only the one that has it is blamed', async () => {
    const status = await statusOf({
      'validator-1': good,
      'validator-2': good,
      'validator-3': good,
      'validator-4': { ...good, appHash: OTHER },
    });
    assert.deepEqual(
      status.validators.map(({ troubles }) => troubles),
      [[], [], [], ['differs']],
    );
    assert.deepEqual([status.ok, status.isDeciding], [false, true]);
  });

  test('another state is found also at a height that the others have left behind', async () => {
    const stuck = { height: 12, appHash: OTHER };
    const status = await statusOf({ 'validator-1': good, 'validator-2': good, 'validator-3': good, 'validator-4': stuck });
    assert.deepEqual(status.validators[3]?.troubles, ['behind', 'differs']);
    const late = { height: 12, appHash: HASH };
    const behind = await statusOf({ 'validator-1': good, 'validator-2': good, 'validator-3': good, 'validator-4': late });
    assert.deepEqual(behind.validators[3]?.troubles, ['behind']);
  });

  test('two that are away are too many of four', async () => {
    const status = await statusOf({ 'validator-1': good, 'validator-2': good, 'validator-3': null, 'validator-4': null });
    assert.deepEqual(
      status.validators.map(({ troubles }) => troubles),
      [[], [], ['away'], ['away']],
    );
    assert.deepEqual([status.ok, status.isDeciding], [false, false]);
  });

  test('of validators elsewhere it says what is heard of them', async () => {
    const status = await statusOf({ 'validator-1': good }, ['validator-2', 'validator-3']);
    const heard = status.validators.map(({ name, isHere, isHeard, height, troubles }) => [
      name,
      isHere,
      isHeard,
      height,
      troubles,
    ]);
    assert.deepEqual(heard, [
      ['validator-1', true, true, 20, []],
      ['validator-2', false, true, 20, []],
      ['validator-3', false, true, 20, []],
      ['validator-4', false, false, null, ['away']],
    ]);
    assert.deepEqual([status.ok, status.isDeciding], [false, true]);
  });

  /** Name, whether it is heard, and what is wrong with each. */
  const heardIn = ({ validators }: Awaited<ReturnType<typeof statusOf>>) =>
    validators.map(({ name, isHeard, troubles }) => [name, isHeard, troubles]);

  test('a reader has few peers, and hears the others by their votes', async () => {
    const status = await statusOf({ reader: good }, ['validator-1', 'validator-2']);
    assert.deepEqual(heardIn(status), [
      ['reader', true, []],
      ['validator-1', true, []],
      ['validator-2', true, []],
      ['validator-3', true, []],
      ['validator-4', false, ['away']],
    ]);
    assert.deepEqual([status.ok, status.isDeciding], [false, true]);
  });

  test('a validator that was voted in has its name from the ledger, and is heard by its votes', async () => {
    const said = { ...good, voting: [...NAMES, NEWCOMER] };
    const status = await statusOf({ 'validator-1': said }, ['validator-2', 'validator-3', 'its-moniker']);
    assert.deepEqual(heardIn(status).slice(3), [
      ['validator-4', false, ['away']],
      [NEWCOMER, true, []],
    ]);
    assert.deepEqual([status.faults, status.isDeciding], [1, true]);
  });

  test('a validator of the beginning that is no peer any more is away at once, whatever it voted', async () => {
    const status = await statusOf({ 'validator-1': good }, ['validator-2']);
    assert.deepEqual(heardIn(status)[2], ['validator-3', false, ['away']]);
    assert.equal(status.isDeciding, false);
  });
});
