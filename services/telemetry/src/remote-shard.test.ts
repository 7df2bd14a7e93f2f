import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { concatBytes, encodeUint32, equalBytes } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { Channel } from '@oppidum/node/channel';
import { type NodeDoor, openNodeDoor } from '@oppidum/node/node-door';
import { connectNode, type RemoteNode } from '@oppidum/node/remote-node';
import { homeShard } from '@oppidum/proofs/home-shard';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { foundTestCity, freshBytes, type RunningCity, runCity } from '../../../test/support/running-city.ts';
import { anchoredUpTo, createMake, enrolDevice, startShard, type TestDevice } from '../../../test/support/running-shard.ts';
import { declareShard } from './declare-shard.ts';
import { declaredShards } from './device-records.ts';
import { IngestLine } from './ingest-line.ts';
import { type OpenShard, openShard } from './open-shard.ts';
import { RemoteShard } from './remote-shard.ts';
import { openShardDoor, type ShardDoor, shardSocket } from './shard-door.ts';
import { SHARD_KINDS } from './shard-kinds.ts';
import { encodeStatus } from './shard-wire.ts';

const scratch = mkdtempSync(join(tmpdir(), 'oppidum-far-'));
let city: RunningCity;
let nodeDoor: NodeDoor;
let node: RemoteNode;
let zero: OpenShard;
let shard: OpenShard;
let door: ShardDoor;
let remote: RemoteShard;
const faults: Error[] = [];

async function until(isIt: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 6_000 && !isIt(); attempt++) await sleep(10);
  assert.ok(isIt(), 'it came');
}

/** Devices until one is at home in the shard of this number. */
async function enrolAt(number: number, changes: object = {}): Promise<TestDevice> {
  const make = await createMake(city, changes);
  for (;;) {
    const device = await enrolDevice(city, make);
    const from = city.client.read(at(deviceKeyKind, device.id, 0))?.from as number;
    if (homeShard(crypto, declaredShards(city.client), device.id, from)?.number === number) return device;
  }
}

const nodePath = join(scratch, 'node.sock');
const shardPath = join(scratch, shardSocket(1));
const openNode = async (): Promise<void> => {
  nodeDoor = await openNodeDoor({ client: city.client, path: nodePath });
};
const openDoor = async (): Promise<void> => {
  const onFault = (error: Error): number => faults.push(error);
  door = await openShardDoor({ shard, genesisHash: city.client.genesisHash, path: shardPath, onFault });
  assert.equal(door.reason, null);
};

before(async () => {
  city = await runCity(await foundTestCity(join(scratch, 'city')));
  await openNode();
  zero = await startShard(city);
  const { client, operator, telemetry, folder } = city;
  const place = { crypto, folder: folder.paths.shard(1), number: 1, randomBytes: freshBytes };
  await declareShard({ ...place, client, signer: operator, anchorAccount: telemetry.account, clock: Date.now });
  const { genesisHash, origin } = client;
  node = await connectNode({ path: nodePath, genesisHash, origin, kinds: SHARD_KINDS });
  const pace = { anchorIntervalMs: 10, publishIntervalMs: 5 };
  shard = await openShard({ ...place, ...pace, client: node.client, anchorSigner: telemetry, erasureSigner: operator });
  await openDoor();
  const { id } = shard.client.status();
  const known = { id, number: 1, origin: `${origin}/shard-1`, tilesFolder: shard.client.tilesFolder };
  remote = new RemoteShard({ path: shardPath, genesisHash, ...known });
});
after(async () => {
  await remote.close();
  await door.close();
  await shard.close();
  node.close();
  await zero.close();
  await nodeDoor.close();
  await city.stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('a shard in another process', { concurrency: false }, () => {
  test('takes readings, keeps them, and proves them with the policy alone', async () => {
    const { client } = remote;
    assert.equal(statSync(shardPath).mode & 0o777, 0o600);
    await until(() => client.accepts());
    const told: number[] = [];
    const forget = client.onKept((size) => told.push(size));
    const lamp = await enrolAt(1);
    const envelopes = [1, 2, 3].map((sequence) => lamp.sign(sequence));
    const answers = await client.ingestAll(envelopes);
    assert.deepEqual(
      answers?.map((answer) => answer.kind === 'kept' && answer.index),
      [0, 1, 2],
    );
    assert.deepEqual(await client.ingest(envelopes[0]!), answers?.[0], 'the same receipt again');
    assert.deepEqual(
      (await client.readings(1, 9)).map(({ index }) => index),
      [1, 2],
    );
    const digest = crypto.sha256(envelopes[1]!);
    assert.deepEqual(await client.reading(digest), shard.client.reading(digest));
    assert.equal(await client.reading(freshBytes(32)), null);
    await assert.rejects(client.evidence(freshBytes(32)), { code: 'READING_UNKNOWN' });
    await anchoredUpTo(shard, 2);
    await until(() => (client.status().anchored?.size ?? 0) >= 3 && told.at(-1) === 3);
    forget();
    const evidence = await client.evidence(digest);
    const report = verifyEvidence(crypto, encodeEvidence(evidence), { policy: parsePolicy(crypto, city.client.policyFile()) });
    assert.equal(report.verdict, 'OK', JSON.stringify(report));
    assert.deepEqual(client.checkpoint(), shard.client.checkpoint());
    assert.deepEqual(client.status(), shard.client.status());
  });

  test('a key is at home in one shard; the other refuses it, and nothing is decided there', async () => {
    const [here, there] = [await enrolAt(1), await enrolAt(0)];
    const answer = await remote.client.ingest(there.sign(1));
    assert.equal(answer.kind === 'passing' && answer.rejection.code, 'SHARD_NOT_HOME');
    assert.deepEqual(answer.kind === 'passing' && answer.rejection.details['number'], 0);
    assert.equal((await zero.client.ingest(there.sign(1))).kind, 'kept');
    const refused = await zero.client.ingest(here.sign(1));
    assert.equal(refused.kind === 'passing' && refused.rejection.code, 'SHARD_NOT_HOME');
    assert.equal((await remote.client.ingest(here.sign(1))).kind, 'kept');
    const unknown = await remote.client.ingest(freshBytes(50));
    assert.equal(unknown.kind, 'passing');
  });

  test('erases what is about people, and lists keys in two places', async () => {
    const badge = await enrolAt(1, { personal: true });
    const envelope = badge.sign(1);
    assert.equal((await remote.client.ingest(envelope)).kind, 'kept');
    const { count } = await remote.erase(badge.id, 'request');
    assert.equal(count, 1);
    assert.equal((await remote.client.reading(crypto.sha256(envelope)))?.envelope, null);
    await assert.rejects(remote.erase(badge.id, 'request'), { code: 'READING_UNKNOWN' });

    const lamp = await enrolAt(1);
    await remote.client.ingest(lamp.sign(1));
    await remote.client.ingest(lamp.sign(1, { records: [{ n: 'power', u: 'W', v: 99 }] }));
    const clones = await remote.clones();
    assert.deepEqual(clones, shard.clones());
    assert.ok(clones.some(({ device, report }) => equalBytes(device, lamp.id) && report?.kind === 'device/report-clone'));
  });

  test('acknowledges nothing while the node is silent, and goes on when it is back', async () => {
    const lamp = await enrolAt(1);
    const envelope = lamp.sign(1);
    await nodeDoor.close();
    await until(() => !remote.client.accepts());
    const answer = await remote.client.ingest(envelope);
    assert.equal(answer.kind === 'passing' && answer.rejection.code, 'NODE_SILENT');
    await openNode();
    await until(() => remote.client.accepts());
    assert.equal((await remote.client.ingest(envelope)).kind, 'kept');
    await anchoredUpTo(shard, shard.client.status().size - 1);
  });

  test('while it is away its readings pass, and come in when it is back', async () => {
    const lamp = await enrolAt(1);
    const envelope = lamp.sign(1);
    await door.close();
    await until(() => !remote.client.accepts());
    const answers = (await remote.client.ingestAll([envelope])) ?? [];
    assert.deepEqual(
      answers.map((answer) => answer.kind === 'passing' && answer.rejection.code),
      ['NOT_READY'],
    );
    await assert.rejects(async () => remote.client.readings(0, 1), { code: 'NOT_READY' });
    await assert.rejects(remote.client.evidence(crypto.sha256(envelope)), { code: 'NOT_READY' });
    await openDoor();
    await until(() => remote.client.accepts());
    assert.equal((await remote.client.ingestInTurn(envelope)).kind, 'kept');
  });

  test('what no doors say is refused or ends the connection', async () => {
    const ask = (call: CborValue): Promise<CborValue | null> =>
      new Promise((resolve) => {
        const socket = connect(shardPath);
        let received: Uint8Array = new Uint8Array(0);
        socket.on('data', (chunk) => {
          received = concatBytes(received, chunk);
        });
        socket.on('close', () => resolve(received.length === 0 ? null : parseCbor(received.subarray(4))));
        const bytes = encodeCbor(call);
        socket.end(concatBytes(encodeUint32(bytes.length), bytes));
      });
    const refusals: readonly [CborValue, string][] = [
      [[0, 1, 'fly', null], 'WRONG_TYPE'],
      [[0, 1, 'ingest', 'reading'], 'WRONG_TYPE'],
      [
        [
          0,
          1,
          'readings',
          new Map<string, CborValue>([
            ['from', 0],
            ['limit', 0],
          ]),
        ],
        'NUMBER_RANGE',
      ],
      [[0, 1, 'reading', new Uint8Array(31)], 'LENGTH_WRONG'],
      [[0, 1, 'watch', new Map([['genesis', freshBytes(32)]]) as CborValue], 'WRONG_CITY'],
    ];
    for (const [call, code] of refusals) {
      const answer = await ask(call);
      assert.ok(Array.isArray(answer) && answer[0] === 2 && answer[2] === code, `${code}: ${JSON.stringify(answer)}`);
    }
    faults.length = 0;
    assert.equal(await ask([3, 'tick', 1]), null);
    assert.deepEqual(
      faults.map((error) => (error as { code?: string }).code),
      ['WRONG_TYPE'],
    );
  });
});

test('a shard that answers beats that are still to come, and then nothing, is taken for away all the same', async () => {
  const path = join(scratch, 'liar.sock');
  const { id, origin } = zero.client.status();
  const status = encodeStatus({ status: { id, number: 1, origin, size: 0, anchored: null, accepts: true }, checkpoint: null });
  let beats = 0;
  const server = createServer((socket) => {
    const onNotice = (): void => {
      if (beats++ === 0) liarEnd.notify('beat', Number.MAX_SAFE_INTEGER);
    };
    const liarEnd = new Channel({ socket, endCode: 'NOT_READY', answer: () => status, onNotice, onEnd: () => undefined });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const known = { id, number: 1, origin, tilesFolder: scratch, genesisHash: freshBytes(32) };
  const states: string[] = [];
  const liar = new RemoteShard({ path, ...known, onChange: (state) => states.push(state) });
  try {
    await until(() => beats > 0);
    await until(() => states.includes('away'));
  } finally {
    await liar.close();
    server.close();
  }
});

test('the line to a shard keeps the promises of one', async () => {
  const frames: { readonly count: number; readonly release: () => void }[] = [];
  const line = new IngestLine(async (envelopes) => {
    await new Promise<void>((release) => frames.push({ count: envelopes.length, release }));
    return envelopes.map(() => ({ kind: 'passing', rejection: { code: 'CLOCK_AHEAD', details: {} } }));
  }, 4);
  const envelope = new Uint8Array(10);
  const all = line.ingestAll([envelope, envelope, envelope]);
  assert.ok(all !== null);
  assert.equal(line.ingestAll([envelope, envelope]), null, 'all or none');
  const turn = line.ingestInTurn(envelope);
  const last = line.ingest(envelope);
  const answer = await line.ingest(envelope);
  assert.equal(answer.kind === 'passing' && answer.rejection.code, 'OVERLOADED');
  await until(() => frames.length > 0);
  assert.deepEqual(
    frames.map(({ count }) => count),
    [4],
    'what comes together travels together',
  );
  frames[0]?.release();
  assert.equal((await all).length, 3);
  await last;
  await until(() => frames.length > 1);
  frames[1]?.release();
  assert.equal((await turn).kind, 'passing');
});
