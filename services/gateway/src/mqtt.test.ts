import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import type { IClientPublishOptions } from 'mqtt';
import { TestLink, withLink } from '../../../test/support/mqtt-device.ts';
import { enrolDevice, withDoors } from '../../../test/support/running-gateway.ts';

describe('the MQTT door', () => {
  test('acknowledges a reading when it is durable, and sends the receipt', () =>
    withLink(async (link, lamp, { shard }) => {
      const envelope = lamp.reading(1);
      await link.publish(envelope);
      const kept = shard.client.reading(crypto.sha256(envelope));
      assert.deepEqual(kept?.envelope, envelope, 'it is in the vault once PUBACK has come');
      const receipt = await link.receipt();
      assert.deepEqual([receipt.leaf.sequence, receipt.leaf.index], [1, 0]);
      assert.equal(toHex(receipt.leaf.digest), toHex(crypto.sha256(envelope)));
      await link.publish(envelope);
      assert.equal((await link.receipt()).leaf.index, 0, 'sent again it gets its receipt again');
    }));

  test('many at once share commits, and each has its receipt', () =>
    withLink(async (link, lamp) => {
      const count = 200;
      const published = Array.from({ length: count }, (_, i) => link.publish(lamp.reading(i + 1)));
      const sequences = new Set<number>();
      for (let i = 0; i < count; i++) sequences.add((await link.receipt()).leaf.sequence);
      await Promise.all(published);
      assert.equal(sequences.size, count);
    }));

  test('tells of a refusal that may pass, gives no PUBACK, and hangs up', () =>
    withLink(async (link, lamp, { shard }) => {
      const forged = lamp.reading(7);
      forged[forged.length - 1]! ^= 1;
      let isAcknowledged = false;
      link.publish(forged).then(
        () => {
          isAcknowledged = true;
        },
        () => undefined,
      );
      const refusal = await link.refusal();
      assert.deepEqual([refusal.code, refusal.sequence], ['SIGNATURE_INVALID', 7]);
      assert.ok(refusal.message.length > 0);
      await link.closed;
      assert.equal(isAcknowledged, false);
      assert.equal(shard.client.status().size, 0);
    }));

  test('QoS 0 is refused with a reason, nothing is kept, and the connection stays', () =>
    withLink(async (link, lamp, { shard }) => {
      await link.publish(lamp.reading(5), { qos: 0 });
      const { code, sequence } = await link.refusal();
      assert.deepEqual([code, sequence], ['MQTT_UNSUPPORTED', 5]);
      await link.publish(Uint8Array.of(1, 2, 3), { qos: 0 });
      assert.equal((await link.refusal()).sequence, undefined, 'what cannot be read has no sequence number');
      assert.equal(shard.client.status().size, 0);
      await link.publish(lamp.reading(1));
      assert.equal((await link.receipt()).leaf.sequence, 1);
    }));

  const wrongPublishes: readonly (readonly [what: string, code: string, options: IClientPublishOptions, topic?: string])[] = [
    ['a retained message', 'MQTT_UNSUPPORTED', { qos: 1, retain: true }],
    ['QoS 2', 'MQTT_UNSUPPORTED', { qos: 2 }],
    ['another topic', 'TOPIC_FOREIGN', { qos: 1 }, 'elsewhere'],
    ['its own down topic', 'TOPIC_FOREIGN', { qos: 0 }, 'down'],
    ['a giant topic', 'TOPIC_FOREIGN', { qos: 1 }, `a/${'b'.repeat(60_000)}`],
  ];
  for (const [what, code, options, end] of wrongPublishes) {
    test(`refuses ${what}: ${code}`, () =>
      withLink(async (link, lamp, { shard }) => {
        const topic = end === undefined ? undefined : end === 'down' ? `${link.topic}down` : end;
        link.publish(lamp.reading(1), options, topic).catch(() => undefined);
        assert.equal((await link.refusal()).code, code);
        await link.closed;
        assert.equal(shard.client.status().size, 0);
      }));
  }

  test("a device neither speaks nor hears under another's topic", () =>
    withDoors(async (doors) => {
      const [lamp, other] = [await enrolDevice(doors.city), await enrolDevice(doors.city)];
      const link = await TestLink.open(doors, lamp);
      const spy = await TestLink.open(doors, other);
      for (const topic of [
        '#',
        '+/+/+/down',
        `${link.topic}#`,
        `${link.topic}down`,
        `${spy.topic}+`,
        `${spy.topic}up`,
        '$SYS/#',
      ]) {
        const answer = await spy.client.subscribeAsync(topic, { qos: 1 }).catch(() => [{ qos: 128 }]);
        assert.deepEqual(
          answer.map(({ qos }) => qos),
          [128],
          topic,
        );
      }
      await spy.end();
      const speaker = await TestLink.open(doors, other);
      speaker.publish(lamp.reading(1), { qos: 1 }, `${link.topic}up`).catch(() => undefined);
      assert.equal((await speaker.refusal()).code, 'TOPIC_FOREIGN');
      await speaker.closed;
      assert.equal(doors.shard.client.status().size, 0);
      await link.end();
    }));

  test('a second connection of one device ends the first', () =>
    withLink(async (link, lamp, doors) => {
      const second = await TestLink.open(doors, lamp);
      await link.closed;
      await second.publish(lamp.reading(1));
      assert.equal((await second.receipt()).leaf.index, 0);
      await second.end();
    }));
});
