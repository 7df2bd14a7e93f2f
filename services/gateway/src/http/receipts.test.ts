import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseBase64, toHex } from '@oppidum/formats/bytes';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { verifyReceipt } from '@oppidum/proofs/verify-receipt';
import { enrolDevice, openDoors, type RunningDoors, type TestDevice } from '../../../../test/support/running-gateway.ts';
import type { ReceiptJson } from '../api/readings.ts';

type Page = { readonly items: readonly ReceiptJson[]; readonly next: string | null };

describe('receipts', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  const given: Uint8Array[] = [];
  const call = (path: string): Promise<Response> => fetch(`${doors.gateway.http}/api/v1/receipts${path}`);
  const page = async (path: string): Promise<Page> => (await (await call(path)).json()) as Page;
  const codeOf = async (path: string): Promise<string> => ((await (await call(path)).json()) as { code: string }).code;

  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city);
    for (const sequence of [1, 2, 4, 3, 7]) {
      const answer = await doors.shard.client.ingest(lamp.reading(sequence));
      assert.ok(answer.kind === 'kept');
      given.push(answer.receipt);
    }
  });
  after(() => doors.close());

  test('by the id of a reading: the bytes that its device got, which verify', async () => {
    const { items } = await page(`?device=${lamp.hex}`);
    const response = await call(`/${items[0]!.id}`);
    assert.equal(response.headers.get('content-type'), 'application/vnd.oppidum.receipt+cbor');
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual(bytes, new Uint8Array(given[0]!));
    const { id } = doors.shard.client.status();
    const record = doors.city.client.read(at(shardKind, id));
    const leaf = verifyReceipt(crypto, bytes, { shard: id, receiptKey: record!.receiptKey });
    assert.ok('digest' in leaf && toHex(leaf.digest) === items[0]!.id);
  });

  test('of a device key by sequence number, page by page, where a gap shows', async () => {
    const { items } = await page(`?device=${lamp.hex}`);
    assert.deepEqual(
      items.map(({ sequence, refusal }) => [sequence, refusal]),
      [1, 2, 3, 4, 7].map((sequence) => [sequence, null]),
    );
    const first = await page(`?device=${lamp.hex}&limit=2`);
    const second = await page(`?device=${lamp.hex}&limit=2&cursor=${first.next}`);
    const last = await page(`?device=${lamp.hex}&limit=2&cursor=${second.next}`);
    assert.deepEqual([...first.items, ...second.items, ...last.items], items);
    assert.equal(last.next, null);
    assert.deepEqual((await page(`?device=${lamp.hex}&from=4`)).items, items.slice(3));
    assert.deepEqual((await page(`?device=${lamp.hex}&key=1`)).items, []);
    assert.deepEqual(
      items.map(({ receipt }) => toHex(parseBase64(receipt))),
      [given[0], given[1], given[3], given[2], given[4]].map((bytes) => toHex(bytes!)),
    );
  });

  test('refuses what nobody knows', async () => {
    assert.equal(await codeOf(`/${'00'.repeat(32)}`), 'READING_UNKNOWN');
    assert.equal(await codeOf(`?device=${'00'.repeat(32)}`), 'DEVICE_UNKNOWN');
    assert.equal(await codeOf(`?device=${lamp.hex}&cursor=AAAA`), 'CURSOR_INVALID');
    assert.equal(await codeOf(`?device=${lamp.hex}&key=-1`), 'REQUEST_INVALID');
    assert.equal(await codeOf('/nothing'), 'REQUEST_INVALID');
    assert.equal(await codeOf(''), 'REQUEST_INVALID');
  });
});
