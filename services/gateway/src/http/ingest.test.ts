import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import { encodeReadingSequence, parseReadingAnswers, READING_BATCH_COUNT_MAX } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { enrolDevice, runDoors } from '../../../../test/support/running-gateway.ts';

test('readings one after the other in a CBOR sequence: one answer each, in their order, and strict limits', () =>
  inTemporaryFolder(async (folder) => {
    const doors = await runDoors(folder);
    const lamp = await enrolDevice(doors.city);
    const post = (body: Uint8Array): Promise<Response> => {
      const headers = { 'content-type': 'application/cbor-seq', accept: 'application/cbor' };
      return fetch(`${doors.gateway.http}/api/v1/readings`, { method: 'POST', headers, body: Buffer.from(body) });
    };
    const readings = Array.from({ length: 150 }, (_, i) => lamp.reading(i + 1));
    const [odd, altered] = [Uint8Array.of(1), (readings[0] as Uint8Array).map((byte, i) => (i === 200 ? byte ^ 1 : byte))];
    const sent = await post(encodeReadingSequence([odd, ...readings, altered]));
    assert.equal(sent.status, 200);
    const answers = parseReadingAnswers(new Uint8Array(await sent.arrayBuffer()));
    assert.equal(answers.length, 152);
    const said = answers.map(({ receipt, code }) => (receipt === undefined ? code : parseReceipt(receipt).leaf.index));
    assert.deepEqual(said.slice(1, -1), [...readings.keys()], 'kept in the order sent');
    assert.ok([said.at(0), said.at(-1)].every((code) => typeof code === 'string'));

    const one = encodeCbor(readings[0] as Uint8Array);
    const refused: readonly (readonly [Uint8Array, number, string])[] = [
      [new Uint8Array(0), 400, 'REQUEST_INVALID'],
      [encodeCbor([readings[0] as Uint8Array]), 400, 'WRONG_TYPE'],
      [one.slice(0, -1), 400, 'TRUNCATED'],
      [concatBytes(one, Uint8Array.of(0x5f, 0xff)), 400, 'NOT_CANONICAL'],
      [new Uint8Array(2 * (READING_BATCH_COUNT_MAX + 1)).map((_, i) => (i % 2 === 0 ? 0x41 : 1)), 400, 'LENGTH_WRONG'],
    ];
    for (const [body, status, code] of refused) {
      const answer = await post(body);
      assert.deepEqual([answer.status, ((await answer.json()) as { readonly code: string }).code], [status, code]);
    }
    assert.equal(doors.shard.client.status().size, readings.length);
    await doors.close();
  }));
