import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeReadingBatch, parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { connectAsync } from 'mqtt';
import { credentialsOf } from '../../../../test/support/mqtt-device.ts';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { enrolDevice, runDoors } from '../../../../test/support/running-gateway.ts';

test('too much at once: HTTP takes all of a batch or says when to come back, MQTT lets the sender wait', () =>
  inTemporaryFolder(async (folder) => {
    const doors = await runDoors(folder, true, {}, { waitingCountMax: 4 });
    const lamp = await enrolDevice(doors.city);
    const readings = Array.from({ length: 30 }, (_, i) => lamp.reading(i + 1));
    const post = (count: number): Promise<Response> => {
      const headers = { 'content-type': 'application/cbor', accept: 'application/cbor' };
      const body = Buffer.from(encodeReadingBatch(readings.slice(0, count)));
      return fetch(`${doors.gateway.http}/api/v1/readings`, { method: 'POST', headers, body });
    };
    const refused = await post(5);
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
    assert.equal(((await refused.json()) as { readonly code: string }).code, 'OVERLOADED');
    assert.equal(doors.shard.client.status().size, 0, 'none of it was taken');
    const kept = await post(4);
    assert.equal(kept.status, 200);
    const answers = parseReadingAnswers(new Uint8Array(await kept.arrayBuffer()));
    assert.equal(answers.filter(({ receipt }) => receipt !== undefined).length, 4);

    const client = await connectAsync(doors.gateway.mqtt, { ...credentialsOf(lamp), protocolVersion: 4, reconnectPeriod: 0 });
    const topic = `v1/${Buffer.from(doors.city.client.genesisHash).toString('hex')}/${lamp.hex}/up`;
    await Promise.all(readings.slice(4).map((reading) => client.publishAsync(topic, Buffer.from(reading), { qos: 1 })));
    assert.equal(doors.shard.client.status().size, readings.length, 'every PUBACK means kept');
    await client.endAsync();
    await doors.close();
  }));
