import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { namedId } from '../../../test/support/ledger.ts';
import {
  ACKNOWLEDGE_WITHIN_MS,
  ALARM_CALLED,
  ALARM_CAUSES,
  ALARM_RESPONSES,
  ALARM_RULES,
  alarmId,
  escalationOf,
  SEVERITIES,
} from './alarm.ts';
import { ALARM_EVENTS, ALARM_STATES, nextAlarmState } from './alarm-life.ts';
import { alarmSignOfEvent, alarmSignOfRefusal, alarmSignsOf, mayBeSign } from './alarm-signs.ts';
import { concatBytes, encodeUtf8, toHex } from './bytes.ts';
import { encodeCbor } from './cbor.ts';

const SPEC = readFileSync(join(resolve(import.meta.dirname, '../../..'), 'specs/alarms.md'), 'utf8');
const device = namedId('lamp');
const order = toHex(namedId('order'));

test('an id is the hash of context, cause and subject: one alarm for one cause', () => {
  const body = encodeCbor(
    new Map<string, string | Uint8Array>([
      ['cause', 'lamp-dead'],
      ['subject', device],
    ]),
  );
  const want = nodeCrypto.sha256(concatBytes(encodeUtf8('oppidum/alarm/v1\0'), body));
  assert.deepEqual(alarmId(nodeCrypto, { cause: 'lamp-dead', subject: device }), want);
  const ids = ALARM_CAUSES.map((cause) => toHex(alarmId(nodeCrypto, { cause, subject: device })));
  assert.equal(new Set(ids).size, ALARM_CAUSES.length);
});

test('the specification has every cause with its subject, severity and end, every response and every time', () => {
  for (const cause of ALARM_CAUSES) {
    const { subject, severity, ends } = ALARM_RULES[cause];
    assert.match(SPEC, new RegExp(`^\\| \`${cause}\` \\| ${subject}( \\([^|]*\\))? \\| ${severity} \\| ${ends} \\|`, 'm'), cause);
  }
  for (const response of ALARM_RESPONSES) assert.ok(SPEC.includes(`\`${response}\``), response);
  for (const severity of SEVERITIES)
    assert.ok(SPEC.includes(`${(ACKNOWLEDGE_WITHIN_MS[severity] / 1_000).toLocaleString('en')} s (${severity})`), severity);
});

test('nobody answers in time: the next are called, and after the last nobody', () => {
  for (const severity of SEVERITIES) {
    const within = ACKNOWLEDGE_WITHIN_MS[severity];
    assert.deepEqual(escalationOf(severity, 1_000, 1_000 + within - 1), { called: 'operator', step: 0, nextMs: 1_000 + within });
    assert.deepEqual(escalationOf(severity, 1_000, 1_000 + within), { called: 'council', step: 1, nextMs: null });
    assert.deepEqual(escalationOf(severity, 1_000, 1_000 + 100 * within).step, ALARM_CALLED.length - 1);
    assert.equal(escalationOf(severity, 1_000, 0).step, 0, 'a clock behind calls nobody early');
  }
});

test('every state with every event: what lasts ends when it is gone, what happened when it was seen', () => {
  for (const cause of ALARM_CAUSES) {
    const isLasting = ALARM_RULES[cause].ends === 'gone';
    for (const state of ALARM_STATES)
      for (const event of ALARM_EVENTS) {
        const next = nextAlarmState(cause, state, event);
        assert.ok(ALARM_STATES.includes(next));
        if (event === 'raise') assert.equal(next, isLasting && state === 'acknowledged' ? 'acknowledged' : 'open');
        if (next === 'closed' && state !== 'closed') assert.equal(event, isLasting ? 'clear' : 'acknowledge', cause);
        if (state === 'closed' && event !== 'raise') assert.equal(next, 'closed');
      }
  }
});

const zone = namedId('zone');
const SPEAKER = { device, zone: () => zone, zoneOfOrder: (id: Uint8Array) => (toHex(id) === order ? zone : null) };
const said = (...records: readonly (readonly [string, number | string | boolean | null])[]) =>
  alarmSignsOf(
    SPEAKER,
    records.map(([name, value]) => ({ name, value })),
  );

test('readings raise and clear', () => {
  assert.deepEqual(said(['signal/trip', 'CONFLICT'], ['power', 3]), [
    { what: 'raise', cause: 'signal-trip', subject: device, detail: 'CONFLICT' },
  ]);
  assert.deepEqual(said(['signal/trip', 'none'])[0]?.what, 'clear');
  assert.deepEqual(said(['cabinet/residual', 12.5])[0], {
    what: 'raise',
    cause: 'power-residual',
    subject: device,
    detail: '12.5 W',
  });
  assert.equal(said(['cabinet/residual', 0])[0]?.what, 'clear');
  assert.deepEqual(said(['order/local', 'manual light/level 5'])[0]?.cause, 'manual-control');
});

test('a dead lamp is not well because the sun rises', () => {
  assert.equal(said(['dimming', 1], ['failure', true])[0]?.what, 'raise');
  assert.deepEqual(said(['dimming', 0], ['failure', false]), []);
  assert.equal(said(['dimming', 0.5], ['failure', false])[0]?.what, 'clear');
  assert.deepEqual(said(['failure', false]), []);
});

test('an order that many devices refuse, or a zone that obeys by break-glass, is one alarm', () => {
  const rejected = said(['order/rejected', `${order} MONITOR_TRIPPED`]);
  assert.deepEqual(rejected, [{ what: 'raise', cause: 'order-rejected', subject: namedId('order'), detail: 'MONITOR_TRIPPED' }]);
  const glass = { what: 'raise', cause: 'break-glass', subject: zone, detail: order };
  assert.deepEqual(said(['order/local', `break-glass ${order}`]), [glass]);
  const body = new Map([
    ['order', namedId('order')],
    ['zone', zone],
  ]);
  assert.deepEqual(alarmSignOfEvent('order/reported', body), glass);
});

test('however often one reading says so, an alarm is there once, and then gone', () => {
  const flood = Array.from({ length: 10_000 }, (_, i) => ['signal/trip', i % 2 === 0 ? `CONFLICT ${i}` : 'none'] as const);
  const signs = said(...flood);
  assert.deepEqual(
    signs.map(({ what, detail }) => [what, detail]),
    [
      ['raise', 'CONFLICT 9998'],
      ['clear', null],
    ],
  );
  assert.deepEqual(
    said(['signal/trip', 'none'], ['signal/trip', 'A'], ['signal/trip', 'B']).map(({ what, detail }) => [what, detail]),
    [['raise', 'B']],
  );
  assert.equal(said(['signal/trip', 'A'], ['order/local', 'manual x'], ['cabinet/residual', 3]).length, 3, 'each of its own');
});

test('a device cannot make alarms about orders that nobody gave, nor in a zone that it is not in', () => {
  assert.deepEqual(said(['order/rejected', `${toHex(namedId('other'))} MONITOR_TRIPPED`]), []);
  const homeless = { ...SPEAKER, zone: () => null };
  assert.deepEqual(alarmSignsOf(homeless, [{ name: 'order/local', value: `break-glass ${order}` }]), []);
  for (const speaker of [homeless, { ...SPEAKER, zone: () => namedId('elsewhere') }])
    assert.deepEqual(alarmSignsOf(speaker, [{ name: 'order/rejected', value: `${order} MONITOR_TRIPPED` }]), []);
});

test('what has not the form says nothing', () => {
  for (const [name, value] of [
    ['signal/trip', true],
    ['failure', 'yes'],
    ['failure', null],
    ['cabinet/residual', 'much'],
    ['order/rejected', order],
    ['order/rejected', `${order} lower`],
    ['order/rejected', `${order} MONITOR_TRIPPED more`],
    ['order/rejected', `${order.slice(2)} MONITOR_TRIPPED`],
    ['order/local', `break-glass ${order} more`],
    ['order/local', 'danced'],
    ['order/local', 7],
    ['power', true],
  ] as const)
    assert.deepEqual(said([name, value]), [], `${name} ${String(value)}`);
  assert.equal(mayBeSign('power'), false);
  assert.ok(['signal/trip', 'failure', 'cabinet/residual', 'order/rejected', 'order/local'].every(mayBeSign));
});

test('events of the ledger raise and clear; a refused order names what held it', () => {
  const body = new Map<string, Uint8Array | string>([
    ['device', device],
    ['cause', 'clone'],
    ['reason', 'somebody'],
  ]);
  assert.deepEqual(alarmSignOfEvent('device/quarantined', body), {
    what: 'raise',
    cause: 'device-quarantined',
    subject: device,
    detail: 'clone',
  });
  assert.equal(alarmSignOfEvent('device/released', body)?.what, 'clear');
  assert.equal(alarmSignOfEvent('device/revoked', body)?.cause, 'device-revoked');
  assert.equal(alarmSignOfEvent('device/activated', body), null);
  assert.equal(alarmSignOfEvent('device/revoked', new Map()), null);
  assert.equal(alarmSignOfEvent('device/revoked', 'text'), null);
  assert.equal(alarmSignOfRefusal(device, 'OK'), null);
  assert.equal(alarmSignOfRefusal(device, 'INTERLOCK_SILENT')?.cause, 'interlock-held');
  assert.equal(alarmSignOfRefusal(device, 'COMMAND_UNKNOWN')?.cause, 'order-refused');
});
