import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkRecording, type RecordedCall } from '@oppidum/abci/grammar';
import { recordCalls } from '@oppidum/abci/recording';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { allowPeer, isAllowedPeer } from '@oppidum/node/allowed-peers';
import { cometEngine } from '@oppidum/node/comet-engine';
import { type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { askCity } from '@oppidum/node/join-city';
import { changeNodeSettings } from '@oppidum/node/node-settings';
import { type OpenCity, openCity } from '@oppidum/node/open-city';
import { until } from '../support/city-process.ts';
import { foundTestCluster, type RunningComet, startComet } from '../support/comet.ts';
import { runCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { skipWithout } from '../support/programs.ts';
import { envelopeOf, execute, freshAccount, operatorOf } from '../support/running-city.ts';
import { type StartedCity, startCity } from '../support/started-city.ts';

const COUNT = 4;
const INTERVAL = 5;

type Member = {
  readonly folder: DataFolder;
  readonly city: OpenCity;
  readonly comet: RunningComet;
  readonly calls: RecordedCall[];
};

async function startMember(path: string): Promise<Member> {
  const folder = await openDataFolder({ folder: path, crypto });
  const places = cometPlaces(path);
  const calls: RecordedCall[] = [];
  const startEngine = cometEngine({
    ...{ crypto, genesis: folder.genesis, genesisHash: folder.genesisHash, listen: places.app, rpc: places.rpc },
    mayBePeer: (id) => isAllowedPeer(places.home, id),
    wrap: (application) => recordCalls(application, (call) => calls.push(call)),
  });
  const comet = startComet(places);
  return { folder, comet, calls, city: await openCity({ folder, crypto, registry: cityRegistry, startEngine }) };
}

async function stopMember({ folder, city, comet }: Member): Promise<void> {
  await comet.stop('SIGKILL');
  await city.close();
  folder.release();
}

/** Runs a command to its end. */
async function run(...words: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const { code, stdout, stderr } = await runCommand(words);
  return { code, output: stdout + stderr };
}

type Alter = (path: string, body: string) => string;

/** A door that passes on what another says, altered. */
async function lyingDoor(url: string, alter: Alter): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer(async (asked, answer) => {
    let body = '';
    for await (const part of asked) body += String(part);
    const path = asked.url ?? '/';
    const got = await fetch(`${url}${path}`, asked.method === 'POST' ? { method: 'POST', body } : {});
    answer.writeHead(got.status).end(alter(path, await got.text()));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('a node that joins a running city', { skip: skipWithout('cometbft'), timeout: 400_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-join-'));
  const paths = Array.from({ length: COUNT }, (_, i) => join(root, String(i + 1)));
  const policy = join(paths[0] as string, 'city.policy');
  const reader = join(root, 'reader');
  const members: Member[] = [];
  let doors: string[] = [];
  let operator: TransactionSigner;
  let p2p = '';
  let city: StartedCity | null = null;

  const create = async (member: Member): Promise<Bytes> => {
    const { client } = member.city;
    const committed = await execute(client, envelopeOf(client, operator, [freshAccount().action], Date.now() + 300_000));
    assert.equal(committed.code, 'OK');
    return committed.id;
  };
  const fromDoors = (): string[] => doors.flatMap((url) => ['--from', url]);
  const ask = (method: string, params: object = {}): Promise<Response> =>
    fetch(doors[0] as string, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }) });
  /** Of the blocks before its snapshot, a node that began with one keeps those whose transactions still count. */
  const assertSameBlocks = async (other: OpenCity): Promise<void> => {
    const { client } = members[0]!.city;
    const { height } = other.client.head();
    await until(`the first validator has block ${height}, as the other has`, () => client.head().height >= height);
    const blocks = other.client.blocks(0, height + 1);
    assert.ok(blocks.length > 2 && blocks.some((block) => block.height === height), `blocks up to ${height}`);
    for (const block of blocks) {
      const own = client.block(block.height);
      assert.ok(own !== null, `block ${block.height}`);
      assert.equal(toHex(block.appHash), toHex(own.appHash), `block ${block.height}`);
    }
  };

  before(async () => {
    await foundTestCluster(paths);
    const port = await freePorts(3);
    doors = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`];
    p2p = `127.0.0.1:${port + 2}`;
    for (const [i, path] of paths.entries()) {
      const lightDoor = i < doors.length ? doors[i]!.slice('http://'.length) : null;
      await changeNodeSettings(path, { snapshotInterval: INTERVAL, lightDoor });
    }
    members.push(...(await Promise.all(paths.map(startMember))));
    operator = operatorOf(members[0]!.folder);
    for (let i = 0; i < 3 * INTERVAL; i++) await create(members[i % COUNT]!);
    // Until a snapshot is offered.
    for (;;) {
      const { snapshotHeight, trust } = (await (await fetch(`${doors[0]}/join`)).json()) as Record<string, unknown>;
      if (snapshotHeight !== null && trust !== null) break;
      await create(members[0]!);
      await sleep(100);
    }
  });

  after(async () => {
    await city?.stop();
    for (const member of members) await stopMember(member);
    rmSync(root, { recursive: true, force: true });
  });

  test('the light door answers what a light client asks, and nothing else', async () => {
    const commit = (await (await ask('commit', { height: '3' })).json()) as {
      id: number;
      result: { signed_header: { header: object } };
    };
    assert.equal(commit.id, 7);
    assert.ok('app_hash' in commit.result.signed_header.header);
    assert.equal((await ask('validators', { height: '3', page: '1', per_page: '100' })).status, 200);
    for (const method of [
      'broadcast_tx_sync',
      'broadcast_evidence',
      'dial_peers',
      'unsafe_flush_mempool',
      'abci_query',
      'tx_search',
      'toString',
    ])
      assert.equal((await ask(method)).status, 403, method);
    for (const params of [{ height: '-1' }, { height: '1e3' }, { hash: 'aa' }, { height: { a: 1 } }, [3]])
      assert.equal((await ask('commit', params)).status, 403, JSON.stringify(params));
    assert.equal((await fetch(doors[0]!, { method: 'POST', body: '[{"method":"status","id":1}]' })).status, 403);
    assert.equal((await fetch(doors[0]!, { method: 'POST', body: ' '.repeat(5_000) })).status, 403);
    assert.equal((await fetch(`${doors[0]}/broadcast_tx_sync?tx=0x00`)).status, 404);
  });

  test('who is to be trusted decides: another city’s policy, a silent door; in sentences', async () => {
    const other = join(root, 'other');
    await foundTestCluster([other]);
    const foreign = await run('node', 'join', ...fromDoors(), '--policy', join(other, 'city.policy'), '--data', reader);
    assert.match(
      foreign.output,
      /A document that founds the city is not the same everywhere \(field: hash, policy: [0-9a-f]{64}/,
    );
    const silent = await run('node', 'join', '--from', 'http://127.0.0.1:1', '--policy', policy, '--data', reader);
    assert.match(silent.output, /light door of a node does not answer/);
    assert.equal(silent.code, 5);
    const odd = await run('node', 'join', '--from', `${doors[0]}/api`, '--policy', policy, '--data', reader);
    assert.match(odd.output, /http:\/\/HOST:PORT/);
  });

  test('doors that lie are found out, each with its code', async () => {
    const trusted = { crypto, policy: new Uint8Array(readFileSync(policy)) };
    const through = async (alter: Alter, count = 1) => {
      const lying = await lyingDoor(doors[1]!, alter);
      return askCity({ ...trusted, doors: [...doors.slice(0, count - 1), lying.url] }).finally(lying.close);
    };
    const honest = await through((_path, body) => body, 2);
    assert.equal(honest.peers.length, 2);
    assert.equal(honest.isBound, true, 'who decides is proven');
    const join =
      (change: (answer: Record<string, unknown>) => object): Alter =>
      (path, body) =>
        path === '/join' ? JSON.stringify(change(JSON.parse(body) as Record<string, unknown>)) : body;
    const comet = (change: (genesis: Record<string, unknown>) => object): Alter =>
      join((answer) => ({
        ...answer,
        cometGenesis: JSON.stringify(change(JSON.parse(answer['cometGenesis'] as string) as Record<string, unknown>)),
      }));
    const later = comet((genesis) => ({ ...genesis, genesis_time: '2030-01-01T00:00:00Z' }));
    await assert.rejects(through(later, 2), { code: 'GENESIS_DIFFERS', message: /CometBFT genesis, field: genesis_time/ });
    await assert.rejects(through(later), { code: 'GENESIS_DIFFERS', message: /field: genesis_time/ });
    const fewer = comet((genesis) => ({ ...genesis, validators: (genesis['validators'] as object[]).slice(1) }));
    await assert.rejects(through(fewer, 2), { code: 'GENESIS_DIFFERS', message: /field: validators\.0\.name/ });
    await assert.rejects(through(comet((genesis) => ({ ...genesis, chain_id: 'ab'.repeat(20) }))), { code: 'CHAIN_FOREIGN' });
    await assert.rejects(through(join((answer) => ({ ...answer, version: 2 }))), { code: 'JOIN_ANSWER_INVALID' });
    await assert.rejects(through(join((answer) => ({ ...answer, nodeId: 'x' }))), { code: 'JOIN_ANSWER_INVALID' });
    await assert.rejects(through(join((answer) => ({ ...answer, validators: null }))), { code: 'JOIN_ANSWER_INVALID' });
    const altered = (base64: string): string => {
      const bytes = Buffer.from(base64, 'base64');
      bytes[bytes.length - 200]! ^= 1;
      return bytes.toString('base64');
    };
    const others = join((answer) => ({ ...answer, validators: altered(answer['validators'] as string) }));
    await assert.rejects(through(others), { code: 'JOIN_ANSWER_INVALID', message: /field: validators/ });
    await assert.rejects(
      through(() => 'no JSON'),
      { code: 'JOIN_ANSWER_INVALID' },
    );
    await assert.rejects(
      through(() => ' '.repeat(5_000_000)),
      { code: 'DOOR_SILENT' },
    );
    await assert.rejects(through(join((answer) => ({ ...answer, checkpoint: null }))), { code: 'CHECKPOINT_MISSING' });
    const unsigned = join((answer) => ({
      ...answer,
      checkpoint: (answer['checkpoint'] as string).split('\n').slice(0, -2).join('\n').concat('\n'),
    }));
    await assert.rejects(through(unsigned), { code: 'QUORUM_MISSING' });
    const older = join((answer) => ({ ...answer, trust: { ...(answer['trust'] as object), height: 3 } }));
    await assert.rejects(through(older), { code: 'HEADER_UNPROVEN', message: /field: app_hash/ });
    const ahead = join((answer) => ({ ...answer, trust: { ...(answer['trust'] as object), height: 1_000_000 } }));
    await assert.rejects(through(ahead), { code: 'DOOR_SILENT', message: /height/ });
    const negative = join((answer) => ({ ...answer, trust: { ...(answer['trust'] as object), size: -1 } }));
    await assert.rejects(through(negative), { code: 'JOIN_ANSWER_INVALID' });
    const header =
      (change: (text: string) => string): Alter =>
      (path, body) =>
        path === '/' ? change(body) : body;
    await assert.rejects(through(header((text) => text.replace(/"app_hash":"../, '"app_hash":"zz'))), {
      code: 'ENGINE_ANSWER_INVALID',
    });
    // The app hash is the city's, but the header is another: what two doors say is compared.
    const forged = header((text) => text.replace(/"validators_hash":"../, '"validators_hash":"00'));
    await assert.rejects(through(forged, 2), { code: 'HEADER_UNPROVEN', message: /field: hash/ });
    // One door alone: the validators are not those of the ledger.
    await assert.rejects(through(forged), { code: 'HEADER_UNPROVEN', message: /field: validators_hash/ });
    const next = header((text) => text.replace(/"next_validators_hash":"../, '"next_validators_hash":"00'));
    await assert.rejects(through(next), { code: 'HEADER_UNPROVEN', message: /field: next_validators_hash/ });
  });

  test('a reader begins with a snapshot, has the same app hashes, and its calls are a sentence of the grammar', async () => {
    const joined = await run('node', 'join', ...fromDoors(), '--policy', policy, '--data', reader, '--p2p', p2p);
    assert.equal(joined.code, 0, joined.output);
    assert.match(joined.output, /begins with a snapshot/);
    const [, id = ''] = /cluster allow ([0-9a-f]{40})/.exec(joined.output) ?? [];
    // As `oppidum cluster allow` does.
    for (const path of paths) await allowPeer(cometPlaces(path).home, { id, note: 'reader' });
    const member = await startMember(reader);
    try {
      const { client } = member.city;
      const created = await create(members[1]!);
      while (client.transaction(created) === null) await sleep(50);
      await assertSameBlocks(member.city);
      // What is given to a reader reaches the validators.
      const own = await create(member);
      assert.ok(client.transaction(own) !== null);
      const { index } = client.transaction(own)!;
      assert.ok((await client.checkpointOf(index + 1)).size > index, 'a checkpoint that it did not sign for');
      assert.equal(checkRecording(member.calls), null);
      assert.deepEqual(
        member.calls.slice(0, 2).map(({ call }) => call),
        ['offerSnapshot', 'applySnapshotChunk'],
      );
    } finally {
      await stopMember(member);
    }
  });

  test('the reader has doors of its own: its evidence is proven under the policy, and readings are refused', async () => {
    city = await startCity(reader, ['--no-demo', '--mqtts-port', '0']);
    const { api } = city;
    const id = toHex(await create(members[2]!));
    const file = join(root, 'transaction.evidence');
    for (;;) {
      const made = await run('evidence', id, '--out', file, '--api', api, '--data', reader);
      if (made.code === 0) break;
      await sleep(500);
    }
    const verified = await run('verify', file, '--policy', policy);
    assert.equal(verified.code, 0, verified.output);
    assert.match(verified.output, /cosigned by validator-\d, validator-\d, validator-\d\n/);
    const refused = await fetch(`${api}/api/v1/readings`, {
      method: 'POST',
      body: Uint8Array.of(1, 2, 3),
      headers: { 'content-type': 'application/cose' },
    });
    assert.ok(refused.status >= 400, String(refused.status));
    await city.stop();
    city = null;
    const checked = await run('fsck', '--data', reader);
    assert.equal(checked.code, 0, checked.output);
  });

  test('a validator that lost everything but its keys and what it signed last begins with a snapshot and votes again', async () => {
    const path = paths[3]!;
    const kept = [join(path, 'log', 'last-signed'), join(cometPlaces(path).home, 'data', 'priv_validator_state.json')];
    await stopMember(members.pop()!);
    const before = kept.map((file) => readFileSync(file, 'utf8'));
    const reset = await run('node', 'reset', '--data', path, ...fromDoors());
    assert.equal(reset.code, 0, reset.output);
    assert.match(reset.output, /begins with a snapshot of others/);
    assert.deepEqual(
      kept.map((file) => readFileSync(file, 'utf8')),
      before,
    );
    const member = await startMember(path);
    members.push(member);
    assert.equal(member.calls[0]?.call, 'offerSnapshot');
    const { address } = JSON.parse(readFileSync(join(cometPlaces(path).home, 'config', 'priv_validator_key.json'), 'utf8')) as {
      address: string;
    };
    for (;;) {
      await create(members[0]!);
      const commit = await (await ask('commit')).text();
      if (commit.includes(address)) break;
      await sleep(50);
    }
    const id = await create(member);
    const { index } = member.city.client.transaction(id)!;
    await member.city.client.checkpointOf(index + 1);
    await assertSameBlocks(member.city);
    assert.equal(checkRecording(member.calls), null);
    rmSync(kept[0]!);
    await stopMember(members.pop()!);
    const lost = await run('node', 'reset', '--data', path);
    assert.equal(lost.code, 1);
    assert.match(lost.output, /last-signed/);
  });

  test('a folder of another city is refused with what differs', async () => {
    const mixed = join(root, 'mixed');
    cpSync(paths[3]!, mixed, { recursive: true });
    const other = join(root, 'elsewhere');
    await foundTestCluster([other]);
    writeFileSync(join(mixed, 'genesis.cbor'), readFileSync(join(other, 'genesis.cbor')));
    await assert.rejects(openDataFolder({ folder: mixed, crypto }), { code: 'DATA_FOLDER_FOREIGN' });
  });
});
