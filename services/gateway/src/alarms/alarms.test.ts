import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import { ACKNOWLEDGE_WITHIN_MS, type AlarmCause, alarmId } from '@oppidum/formats/alarm';
import { alarmSignsOf } from '@oppidum/formats/alarm-signs';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { encodeOrder } from '@oppidum/formats/order-statement';
import { pino } from 'pino';
import { act, enrolLamp, issue, makeZone, openOrderDoors, type TestZone } from '../../../../test/support/order-city.ts';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../../test/support/running-city.ts';
import { enrolDevice, eventually, type RunningDoors, type TestDevice } from '../../../../test/support/running-gateway.ts';
import type { AlarmCountsJson, AlarmJson } from '../api/alarms.ts';
import { openReading } from '../read-model/reading-rows.ts';
import { AlarmWatch } from './alarm-watch.ts';

type Page = { readonly items: readonly AlarmJson[]; readonly next: string | null };
const MINUTE_MS = 60_000;

const get = async <T>({ gateway }: RunningDoors, path: string): Promise<T> =>
  (await (await fetch(`${gateway.http}/api/v1/${path}`)).json()) as T;
const idOf = (cause: AlarmCause, subject: Uint8Array) => toHex(alarmId(nativeCrypto, { cause, subject }));

/** Sends readings of a device, one after the other. */
function speaker(
  { gateway }: RunningDoors,
  device: TestDevice,
): (...values: readonly (readonly [string, SensorRecord['value']])[]) => Promise<void> {
  let sequence = 0;
  return async (...values) => {
    sequence += 1;
    const records = values.map(([sensor, value]) => ({ sensor, value, timeMs: Date.now() })) as readonly SensorRecord[];
    const headers = { 'content-type': 'application/cose' };
    const body = Buffer.from(device.reading(sequence, records));
    const answer = await fetch(`${gateway.http}/api/v1/readings`, { method: 'POST', headers, body });
    assert.ok(answer.ok, await answer.text());
  };
}

describe('alarms', () => {
  let doors: RunningDoors;
  let zone: TestZone;
  let close: () => Promise<void>;
  before(async () => {
    ({ doors, zone, close } = await openOrderDoors());
  });
  after(() => close());
  const alarm = (cause: AlarmCause, subject: Uint8Array) => get<AlarmJson>(doors, `alarms/${idOf(cause, subject)}`);
  const inState = (cause: AlarmCause, subject: Uint8Array, isIt: (found: AlarmJson) => boolean) =>
    eventually(() => alarm(cause, subject), isIt);
  const acknowledge = async ({ cause, subject, opening }: AlarmJson, response = 'crew-sent') => {
    const body = { cause, subject: parseHex(subject.id), opening: parseHex(opening.id), response };
    const { operator, client } = doors.city;
    return (await execute(client, envelopeOf(client, operator, [actionOf('alarm/acknowledge', body)]))).code;
  };

  test('a dead lamp is one alarm however often it says so; it is answered for, closed by a reading, and open anew when it returns', async () => {
    const lamp = await enrolLamp(doors, zone, { label: 'Main street 7' });
    const say = speaker(doors, lamp);
    await say(['dimming', 0.5], ['failure', false]);
    await say(['dimming', 0.5], ['failure', true]);
    await say(['dimming', 0.5], ['failure', true]);
    const open = await inState('lamp-dead', lamp.id, ({ count }) => count === 2);
    assert.deepEqual(
      [open.state, open.severity, open.subject, open.zone, open.zoneName, open.called, open.escalations, open.openingCount],
      ['open', 'minor', { kind: 'device', id: lamp.hex, name: 'Main street 7' }, zone.hex, 'Old town', 'operator', 0, 1],
    );
    assert.equal(open.nextMs, open.openedMs + ACKNOWLEDGE_WITHIN_MS.minor);
    const evidence = await get<{ device: string }>(doors, `readings/${open.opening.id}`);
    assert.equal(evidence.device, lamp.hex, 'it says by which reading');
    assert.equal(await acknowledge(open), 'OK');
    const answered = await inState('lamp-dead', lamp.id, ({ state }) => state === 'acknowledged');
    assert.deepEqual(
      [answered.acknowledgement?.account, answered.acknowledgement?.response, answered.called, answered.nextMs],
      [toHex(doors.city.operator.account), 'crew-sent', null, null],
    );
    assert.equal(await acknowledge(open), 'ALARM_ACKNOWLEDGED');
    await say(['dimming', 0], ['failure', false]);
    await say(['dimming', 1], ['failure', false]);
    const closed = await inState('lamp-dead', lamp.id, ({ state }) => state === 'closed');
    assert.equal(closed.closed?.by?.kind, 'reading');
    assert.notEqual(closed.closed?.by?.id, open.opening.id);
    await say(['dimming', 1], ['failure', true]);
    const again = await inState('lamp-dead', lamp.id, ({ state }) => state !== 'closed');
    assert.deepEqual([again.state, again.count, again.openingCount, again.acknowledgement], ['open', 1, 2, null]);
    assert.notEqual(again.opening.id, open.opening.id);
  });

  test('what happened is over once the newest of it was acknowledged, and not before', async () => {
    const lamp = await enrolLamp(doors, zone);
    const say = speaker(doors, lamp);
    await say(['order/local', 'manual lamp/level 5']);
    const first = await inState('manual-control', lamp.id, ({ state }) => state === 'open');
    await say(['order/local', 'manual lamp/level 9']);
    const second = await inState('manual-control', lamp.id, ({ count }) => count === 2);
    assert.deepEqual([second.detail, second.openedMs], ['manual lamp/level 9', first.openedMs]);
    assert.equal(await acknowledge(first), 'OK', 'of the first');
    assert.equal((await alarm('manual-control', lamp.id)).state, 'open', 'somebody moved it again meanwhile');
    assert.equal(await acknowledge(second, 'planned-work'), 'OK');
    const closed = await inState('manual-control', lamp.id, ({ state }) => state === 'closed');
    assert.deepEqual([closed.closed?.by, closed.acknowledgement?.response], [null, 'planned-work']);
    await say(['order/local', 'manual lamp/level 1']);
    const anew = await inState('manual-control', lamp.id, ({ state }) => state === 'open');
    assert.deepEqual([anew.count, anew.openingCount], [1, 2]);
  });

  test('the ledger speaks as well: quarantine and release, a revocation, an order that it refused', async () => {
    const lamp = await enrolLamp(doors, zone);
    await act(doors.city, 'device/quarantine', { id: lamp.id, reason: 'drifts' });
    const apart = await inState('device-quarantined', lamp.id, ({ state }) => state === 'open');
    assert.deepEqual([apart.opening.kind, apart.detail], ['transaction', 'manual']);
    await act(doors.city, 'device/release', { id: lamp.id });
    const over = await inState('device-quarantined', lamp.id, ({ state }) => state === 'closed');
    assert.equal(over.closed?.by?.kind, 'transaction');
    await act(doors.city, 'device/revoke', { id: lamp.id, reason: 'broken' });
    const revoked = await inState('device-revoked', lamp.id, ({ state }) => state === 'open');
    assert.equal(await acknowledge(revoked, 'seen'), 'OK');
    await inState('device-revoked', lamp.id, ({ state }) => state === 'closed');
  });

  test('lists, filters and counts; the same cause in other zones is another alarm', async () => {
    const own = await makeZone(doors);
    const lamps = [await enrolLamp(doors, own), await enrolLamp(doors, own)];
    for (const lamp of lamps) await speaker(doors, lamp)(['signal/trip', 'CONFLICT']);
    for (const lamp of lamps) await inState('signal-trip', lamp.id, ({ state }) => state === 'open');
    const listed = await get<Page>(doors, `alarms?zone=${own.hex}&state=open&severity=critical&limit=1`);
    const next = await get<Page>(doors, `alarms?zone=${own.hex}&state=open&severity=critical&limit=1&cursor=${listed.next}`);
    assert.deepEqual(
      [...listed.items, ...next.items].map(({ subject }) => subject.id).toSorted(),
      lamps.map(({ hex }) => hex).toSorted(),
    );
    assert.equal(next.next, null);
    assert.deepEqual((await get<Page>(doors, `alarms?zone=${own.hex}&severity=minor`)).items, []);
    const counts = await get<AlarmCountsJson>(doors, 'alarms/counts');
    assert.ok(counts.bySeverity.critical >= 2 && counts.open >= counts.bySeverity.critical);
    assert.equal(counts.escalated, 0);
    for (const [path, code] of [
      ['alarms?state=loud', 'REQUEST_INVALID'],
      ['alarms?cause=boredom', 'REQUEST_INVALID'],
      ['alarms?cursor=AAAA', 'CURSOR_INVALID'],
      ['alarms/xyz', 'REQUEST_INVALID'],
      [`alarms/${'00'.repeat(32)}`, 'ALARM_UNKNOWN'],
    ])
      assert.equal((await get<{ code: string }>(doors, path as string)).code, code, path);
  });

  test('nothing is said of devices about people', async () => {
    const badge = await enrolDevice(doors.city, { personal: true });
    const say = speaker(doors, badge);
    await say(['order/local', 'manual lamp/level 5'], ['failure', true]);
    const lamp = await enrolLamp(doors, zone);
    await speaker(doors, lamp)(['failure', true]);
    await inState('lamp-dead', lamp.id, ({ state }) => state === 'open');
    assert.equal((await get<Page>(doors, `alarms?subject=${badge.hex}`)).items.length, 0);
  });

  test('orders that the ledger refuses call for their zone, those to no zone for nobody', async () => {
    const other = await makeZone(doors);
    const lamp = await enrolLamp(doors, other);
    const code = await issueRefused(doors, other, lamp);
    const refused = await inState('order-refused', other.id, ({ state }) => state === 'open');
    assert.deepEqual([refused.detail, refused.zone, refused.subject.name], [code, other.hex, 'Old town']);
  });

  test('whoever has the log finds an alarm that the gateway hides', async () => {
    const lamp = await enrolLamp(doors, zone);
    await speaker(doors, lamp)(['signal/trip', 'CONFLICT']);
    const shown = await inState('signal-trip', lamp.id, ({ state }) => state === 'open');
    const { client } = doors.shard;
    const entries = await client.readings(0, client.status().size);
    const found = entries.flatMap(({ envelope, digest, isPersonal }) => {
      if (envelope === null || isPersonal) return [];
      const { reading, records } = openReading(nativeCrypto, envelope);
      const prefix = deviceUrnPrefix(reading.device).length;
      const named = records.map(({ name, value }) => ({ name: name.slice(prefix), value }));
      const who = { device: reading.device, zone: () => null, zoneOfOrder: () => null };
      return alarmSignsOf(who, named).map((sign) => ({ ...sign, evidence: toHex(digest) }));
    });
    const own = found.find(({ cause, subject }) => cause === 'signal-trip' && toHex(subject) === lamp.hex);
    assert.equal(own?.evidence, shown.opening.id);
    assert.equal(idOf('signal-trip', own?.subject ?? new Uint8Array(32)), shown.id);
  });

  test('rows that are made anew have the same alarms', async () => {
    const before = (await get<Page>(doors, 'alarms?limit=1000')).items;
    assert.ok(before.length >= 6);
    await doors.gateway.readModel.refill();
    const timeless = (rows: readonly AlarmJson[]) =>
      rows.map(({ id, state, opening, closed }) => ({ id, state, opening, closed }));
    const after = await eventually(
      () => get<Page>(doors, 'alarms?limit=1000'),
      ({ items }) => {
        const { blocks, readings } = doors.gateway.readModel.lag();
        return items.length === before.length && blocks === 0 && readings === 0;
      },
    );
    assert.deepEqual(timeless(after.items), timeless(before));
  });

  test('devices fall silent by the clock of whoever looks: one by one, or as a model, and a reading ends it', async () => {
    const [lamp, badge] = [await enrolLamp(doors, zone), await enrolDevice(doors.city, { personal: true })];
    const file = await enrolDevice(doors.city, { grade: 'imported' });
    const [say, sayBadge] = [speaker(doors, lamp), speaker(doors, badge)];
    await speaker(doors, file)(['power', 1]);
    await say(['power', 1]);
    await sayBadge(['power', 1]);
    const { readModel, alarms } = doors.gateway;
    // It has a clock of its own, by which nobody is silent.
    await alarms.stop();
    await eventually(
      async () => readModel.lag(),
      ({ readings }) => readings === 0,
    );
    let nowMs = Date.now();
    const { node, shards } = { node: doors.city.client, shards: [doors.shard.client] };
    const watch = new AlarmWatch({ node, shards, readModel, logger: pino({ level: 'silent' }), clock: () => nowMs });
    await watch.look();
    assert.equal((await alarm('device-silent', lamp.id)).id, undefined);
    nowMs += 16 * MINUTE_MS;
    await watch.look();
    const silent = await inState('device-silent', lamp.id, ({ state }) => state === 'open');
    for (const { hex } of [badge, file]) assert.equal((await get<Page>(doors, `alarms?subject=${hex}`)).items.length, 0);
    await watch.look();
    assert.equal((await alarm('device-silent', lamp.id)).count, 1, 'looking again says nothing new');
    const evidence = await get<{ device: string }>(doors, `readings/${silent.opening.id}`);
    assert.equal(evidence.device, lamp.hex, 'it names the last that it said');
    const started = { node, shards, readModel, logger: pino({ level: 'silent' }), clock: () => nowMs };
    await new AlarmWatch(started).look();
    assert.equal((await alarm('device-silent', lamp.id)).state, 'open', 'who begins to look does not know better');
    nowMs = Date.now();
    await watch.look();
    const over = await inState('device-silent', lamp.id, ({ state }) => state === 'closed');
    assert.equal(over.closed?.by?.kind, 'reading');
  });
});

/** An order that nobody may have: its zone has another envelope. The answer: the code. */
async function issueRefused(doors: RunningDoors, zone: TestZone, lamp: TestDevice): Promise<string> {
  const statement = encodeOrder({
    ...{ city: doors.city.client.genesisHash, zone: zone.id, keys: 1, envelope: 2 },
    target: { device: lamp.id, challenge: freshBytes(32) },
    ...{ command: 'lamp/level', arguments: [50], lifetimeMs: 30_000, expiresMs: Date.now() + 20_000, mode: 'ordinary' },
    nonce: freshBytes(16),
  });
  return issue(doors, zone, statement);
}
