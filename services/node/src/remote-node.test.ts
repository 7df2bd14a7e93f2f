import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { deviceKind } from '@oppidum/formats/state-devices';
import { accountKind } from '@oppidum/formats/state-governance';
import { at, prefixRange } from '@oppidum/formats/state-layout';
import { kindNamed } from '@oppidum/formats/state-registry';
import {
  envelopeOf,
  foundTestCity,
  freshAccount,
  freshBytes,
  type RunningCity,
  runCity,
} from '../../../test/support/running-city.ts';
import { anchorHop, minimalNote } from './evidence.ts';
import { type NodeDoor, openNodeDoor } from './node-door.ts';
import { connectNode, type RemoteNode } from './remote-node.ts';

const scratch = mkdtempSync(join(tmpdir(), 'oppidum-link-'));
const path = join(scratch, 'node.sock');
const ALL_ACCOUNTS = prefixRange(kindNamed('account'), []);
let city: RunningCity;
let door: NodeDoor;
const faults: Error[] = [];

const link = (changes: object = {}): Promise<RemoteNode> => {
  const { genesisHash, origin } = city.client;
  return connectNode({ path, genesisHash, origin, kinds: ['account'], ...changes });
};

const openDoor = async (): Promise<void> => {
  door = await openNodeDoor({ client: city.client, path, onFault: (error) => faults.push(error) });
  assert.equal(door.reason, null);
};

async function until(isIt: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 6_000 && !isIt(); attempt++) await sleep(10);
  assert.ok(isIt(), 'it came');
}

before(async () => {
  city = await runCity(await foundTestCity(join(scratch, 'city')));
  await openDoor();
});
after(async () => {
  await door.close();
  await city.stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('a node in another process', { concurrency: false }, () => {
  test('mirrors records, follows blocks, and proves what the node proves', async () => {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const remote = await link();
    const { client } = remote;
    try {
      const same = (): void => {
        assert.deepEqual(client.scan(ALL_ACCOUNTS), [...city.client.scan(ALL_ACCOUNTS)]);
        assert.equal(client.head().height, city.client.head().height);
      };
      same();
      await until(() => client.isAlive());
      const told: number[] = [];
      client.onBlock(({ height }) => told.push(height));
      const account = freshAccount();
      const answer = await client.submit(envelopeOf(city.client, city.operator, [account.action]));
      assert.ok('executed' in answer && answer.executed.code === 'OK');
      await until(() => told.includes(answer.executed.height));
      same();
      assert.equal(client.read(at(accountKind, account.id))?.holder, 'person');

      const { id, height } = answer.executed;
      assert.deepEqual(await client.transaction(id), city.client.transaction(id));
      const { changes: _, ...block } = city.client.block(height)!;
      const { changes, ...got } = (await client.block(height))!;
      assert.deepEqual([got, changes], [block, []]);
      const checkpoint = await client.checkpointOf(block.logSize);
      assert.deepEqual(checkpoint, await city.client.checkpointOf(block.logSize));
      assert.deepEqual(await client.policyFileOf(checkpoint.size), city.client.policyFileOf(checkpoint.size));
      const place = { id, action: 0, checkpoint };
      assert.deepEqual(await anchorHop(client, crypto, place), await anchorHop(city.client, crypto, place));
      assert.ok(minimalNote(city.client, crypto, checkpoint).length > 0);
      const ranges = [ALL_ACCOUNTS];
      assert.deepEqual(await client.proveState(ranges, checkpoint.size), await city.client.proveState(ranges, checkpoint.size));
      assert.equal(await client.transaction(freshBytes(32)), null);
      assert.equal(await client.block(99_999), null);
      const refused = await client.submit(freshBytes(40));
      assert.ok('refused' in refused && refused.refused.id === null);
      assert.throws(() => client.read(at(deviceKind, freshBytes(32))), /not mirrored/);
    } finally {
      remote.close();
    }
  });

  test('is silent while it is away, and level again when it is back', async () => {
    const states: string[] = [];
    const remote = await link({ onChange: (state: string) => states.push(state) });
    const { client } = remote;
    try {
      await until(() => client.isAlive());
      await door.close();
      await until(() => !client.isAlive());
      await assert.rejects(client.submit(freshBytes(40)), { code: 'NODE_SILENT' });
      const account = freshAccount();
      const meanwhile = await city.client.submit(envelopeOf(city.client, city.operator, [account.action]));
      assert.ok('executed' in meanwhile);
      assert.equal(client.read(at(accountKind, account.id)), null, 'the last that was heard');
      const told: number[] = [];
      client.onBlock(({ height }) => told.push(height));
      await openDoor();
      await until(() => client.isAlive());
      assert.equal(client.read(at(accountKind, account.id))?.holder, 'person');
      assert.ok(told.includes(meanwhile.executed.height), 'followers look again');
      assert.deepEqual(states, ['connected', 'away', 'connected']);
    } finally {
      remote.close();
    }
  });

  test('another city is not followed', async () => {
    await assert.rejects(link({ genesisHash: freshBytes(32) }), { code: 'WRONG_CITY' });
    const waiting = new AbortController();
    const { genesisHash, origin } = city.client;
    const never = connectNode({ path: join(scratch, 'none.sock'), genesisHash, origin, kinds: ['account'] }, waiting.signal);
    waiting.abort();
    await assert.rejects(never, { code: 'NODE_SILENT' });
  });

  test('what no neighbour says ends the connection; the others stay', async () => {
    const remote = await link();
    const frame = (bytes: Uint8Array): Buffer => {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(bytes.length);
      return Buffer.concat([header, bytes]);
    };
    const ended = (data: Buffer): Promise<CborValue | null> =>
      new Promise((resolve) => {
        const socket = connect(path);
        let received = Buffer.alloc(0);
        socket.on('data', (chunk) => {
          received = Buffer.concat([received, chunk]);
        });
        socket.on('close', () => resolve(received.length === 0 ? null : parseCbor(new Uint8Array(received.subarray(4)))));
        socket.write(data);
        socket.end();
      });
    const codes: readonly [string, Buffer, string][] = [
      ['another encoding', frame(Uint8Array.of(0x18, 0x01)), 'NOT_CANONICAL'],
      ['a cut frame inside', frame(Uint8Array.of(0x82, 0x01)), 'TRUNCATED'],
      ['no list', frame(encodeCbor('hello')), 'WRONG_TYPE'],
      ['an unknown notice', frame(encodeCbor([3, 'tick', 1])), 'WRONG_TYPE'],
      ['a frame that is too large', Buffer.from([0xff, 0xff, 0xff, 0xff]), 'TOO_LARGE'],
    ];
    for (const [name, bytes, code] of codes) {
      faults.length = 0;
      assert.equal(await ended(bytes), null, name);
      assert.deepEqual(
        faults.map((error) => (error as { code?: string }).code),
        [code],
        name,
      );
    }
    const refusals: readonly [CborValue, string][] = [
      [[0, 1, 'fly', null], 'WRONG_TYPE'],
      [[0, 1, 'block', -1], 'NUMBER_RANGE'],
      [[0, 1, 'transaction', Uint8Array.of(1)], 'LENGTH_WRONG'],
      [[0, 1, 'proveLeaf', [1]], 'WRONG_TYPE'],
      [[0, 1, 'follow', new Map([['kinds', ['account']]]) as CborValue], 'MISSING_FIELD'],
    ];
    for (const [call, code] of refusals) {
      const answer = await ended(frame(encodeCbor(call)));
      assert.ok(Array.isArray(answer) && answer[0] === 2 && answer[2] === code, `${code}: ${JSON.stringify(answer)}`);
    }
    await until(() => remote.client.isAlive());
    remote.close();
  });

  test('a socket is not made where something else stands, or where its path is too long', async () => {
    const busy = await openNodeDoor({ client: city.client, path });
    assert.equal(busy.reason, 'another process listens there');
    await busy.close();
    const long = await openNodeDoor({ client: city.client, path: join(scratch, 'x'.repeat(110)) });
    assert.match(long.reason ?? '', /its path has/);
    await long.close();
  });
});
