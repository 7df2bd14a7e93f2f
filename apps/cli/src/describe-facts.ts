/** The proven facts of a report in words, in the order in which people ask. */

import type { Json } from '@oppidum/formats/schema';
import { counted, formatTime } from './cli.ts';

type Facts = { readonly [name: string]: Json };
type Pair = readonly [name: string, value: string];

const GRADES: Readonly<Record<string, string>> = {
  device: 'device: the device itself signed',
  bridge: 'bridge: a gateway signed for a device that cannot',
  imported: 'imported: whoever brought the data signed, no device did',
};

/** Name and text of each fact; empty when nothing is proven. */
export function describeFacts(facts: Facts): readonly Pair[] {
  switch (facts['fact']) {
    case 'reading':
      return describeReading(facts);
    case 'state':
      return describeState(facts);
    case 'order':
      return describeOrder(facts);
    case 'fork':
      return [
        ['log', String(facts['about'])],
        ...((facts['signers'] ?? []) as readonly string[]).map((signer): Pair => ['signed two histories', signer]),
      ];
    default:
      return describeOther(facts);
  }
}

function describeOrder(facts: Facts): readonly Pair[] {
  const whom = facts['device'] === undefined ? counted(Number(facts['deviceCount']), 'device') : `device ${facts['device']}`;
  const isGlass = facts['mode'] === 'break-glass';
  return [
    ['order', String(facts['id'])],
    ['zone', String(facts['zone'])],
    ['for', whom],
    ['command', String(facts['command'])],
    ['good for', `${facts['lifetime']} from its challenge on${isGlass ? ', break-glass' : ''}`],
    ...(facts['signers'] === undefined ? [] : [['signed by', (facts['signers'] as readonly string[]).join(', ')] as const]),
    ...(facts['height'] === undefined ? [] : [['issued', `at block ${facts['height']}`] as const]),
  ];
}

function describeReading(facts: Facts): readonly Pair[] {
  const label = facts['label'] === null ? '' : `${facts['label']}  `;
  const records = (facts['records'] ?? []) as readonly Facts[];
  return [
    ['device', `${label}${facts['device']}`],
    ['type', `${facts['deviceType']}, model ${facts['model']} by ${facts['manufacturer']}`],
    ['grade', GRADES[String(facts['grade'])] ?? String(facts['grade'])],
    ['simulated', facts['simulated'] === true ? 'yes: no machine stands behind this reading' : 'no'],
    ...(facts['quarantine'] === undefined
      ? []
      : [['quarantine', `the device was set apart when this was anchored: ${facts['quarantine']}`] as const]),
    ['reading', `${facts['id']}, sequence number ${facts['sequence']}`],
    ['clock', describeClock(facts['clockErrorMs'])],
    ['anchored', `at block ${facts['anchoredAtHeight']}`],
    ['proven', `at block ${facts['provenAtHeight']}, ${formatTime(Number(facts['provenAtMs']))}`],
    ...records.map((record): Pair => ['value', describeRecord(record)]),
  ];
}

/** How far the times below may be from UTC, as whoever signed says. */
function describeClock(errorMs: Json | undefined): string {
  return typeof errorMs === 'number' ? `±${errorMs / 1_000} s, as its signer says` : 'its error is not stated';
}

/** `2026-11-25T10:00:00.000Z  speed 52 km/h`: SenML times are seconds, exact to the millisecond. */
function describeRecord(record: Facts): string {
  const sensor = String(record['name']).replace(/^urn:oppidum:[0-9a-f]{64}:/, '');
  const unit = record['unit'] === null ? '' : ` ${record['unit']}`;
  const sum = record['sum'] === undefined ? '' : `, sum ${record['sum']}`;
  return `${formatTime(Math.round(Number(record['timeS']) * 1_000))}  ${sensor} ${record['value'] ?? ''}${unit}${sum}`;
}

function describeState(facts: Facts): readonly Pair[] {
  const records = (facts['records'] ?? []) as readonly Facts[];
  return [
    ['answer', String(facts['answer'])],
    ['about', facts['about'] === '' ? `all records of ${facts['kind']}` : String(facts['about'])],
    ['at', `block ${facts['height']}, ${formatTime(Number(facts['timeMs']))}`],
    ...records.map(
      (record): Pair => ['record', `${(record['key'] as readonly Json[]).join(' ')}  ${JSON.stringify(record['value'])}`],
    ),
  ];
}

function describeOther(facts: Facts): readonly Pair[] {
  return Object.entries(facts).map(([name, value]) => [
    name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase(),
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
}
