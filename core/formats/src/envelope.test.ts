import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelQuantity, levelRule, makeEnvelope, sensorsOf } from '../../../test/support/envelopes.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { encodeCbor } from './cbor.ts';
import { encodeBy } from './common-schemas.ts';
import { type Direction, type Envelope, envelopeSchema, isInDirection, isSafe, isWithin, parseEnvelope } from './envelope.ts';
import { LIMITS } from './limits.ts';

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const any = (command: string, count = 0): Direction => ({ command, arguments: times(count, () => ({})) });

test('an envelope has one spelling, in CBOR and in JSON', () => {
  const envelope = makeEnvelope();
  const bytes = encodeBy(envelopeSchema, envelope);
  assert.deepEqual(parseEnvelope(bytes), envelope);
  assert.deepEqual(encodeBy(envelopeSchema, parseEnvelope(bytes)), bytes);
  assert.deepEqual(envelopeSchema.fromJson(envelopeSchema.toJson(envelope), ''), envelope);
  assert.throws(() => parseEnvelope(bytes.subarray(1)), { code: 'TRAILING_BYTES' });
});

type Case = readonly [code: string, at: string, changes: Partial<Envelope>];
const twice = sensorsOf('level', 'inlet', 'inlet');
const [low, high] = sensorsOf('level', 'inlet', 'outlet');
const CASES: readonly Case[] = [
  ['NUMBER_RANGE', '/version', { version: 0 }],
  ['NUMBER_RANGE', '/version', { version: 2 }],
  ['NUMBER_RANGE', '/version', { previous: namedId('before') }],
  ['NUMBER_RANGE', '/dangerousLifetimeMsMax', { lifetimeMsMax: 1_000, dangerousLifetimeMsMax: 1_001 }],
  ['NUMBER_RANGE', '/dangerousLifetimeMsMax', { dangerousLifetimeMsMax: LIMITS.dangerousLifetimeMsMax + 1 }],
  ['NUMBER_RANGE', '/lifetimeMsMax', { lifetimeMsMax: LIMITS.orderLifetimeMsMax + 1 }],
  ['WRONG_TYPE', '/independence', { independence: 'none' as 'device' }],
  ['WRONG_TYPE', '/grade', { grade: 'imported' as 'bridge' }],
  ['DUPLICATE_KEY', '/quantities/0/sensors/1', { quantities: [levelQuantity({ sensors: twice })] }],
  ['UNSORTED', '/quantities/0/sensors/1', { quantities: [levelQuantity({ sensors: [high!, low!] })] }],
  ['LENGTH_WRONG', '/quantities/0/sensors', { quantities: [levelQuantity({ sensors: [low!] })] }],
  ['NUMBER_RANGE', '/quantities/0/least', { quantities: [levelQuantity({ least: 1 })] }],
  ['NUMBER_RANGE', '/quantities/0/least', { quantities: [levelQuantity({ least: 3 })] }],
  ['NUMBER_RANGE', '/quantities/0/freshMs', { quantities: [levelQuantity({ freshMs: 0 })] }],
  ['NUMBER_RANGE', '/quantities/0/freshMs', { quantities: [levelQuantity({ freshMs: LIMITS.interlockFreshMsMax + 1 })] }],
  ['NUMBER_RANGE', '/quantities/0/agreeWithin', { quantities: [levelQuantity({ agreeWithin: -1 })] }],
  ['DUPLICATE_KEY', '/quantities/1', { quantities: [levelQuantity(), levelQuantity()] }],
  ['UNSORTED', '/quantities/1', { quantities: [levelQuantity({ name: 'wind' }), levelQuantity()] }],
  ['DUPLICATE_KEY', '/quantities/1/sensors/0', { quantities: [levelQuantity(), levelQuantity({ name: 'level again' })] }],
  ['QUANTITY_UNKNOWN', '/rules/0/needs/quantity', { rules: [levelRule({ needs: { quantity: 'wind', max: 1 } })] }],
  ['MISSING_FIELD', '/rules/0/needs/min', { rules: [levelRule({ needs: { quantity: 'level' } })] }],
  ['NUMBER_RANGE', '/rules/0/needs', { rules: [levelRule({ needs: { quantity: 'level', min: 2, max: 1 } })] }],
  ['NUMBER_RANGE', '/rules/0/arguments/0', { rules: [levelRule({ arguments: [{ min: 2, max: 1 }] })] }],
  ['DUPLICATE_KEY', '/rules/1/name', { rules: [levelRule(), levelRule()] }],
  ['LENGTH_WRONG', '/rules/1/arguments', { rules: [levelRule(), levelRule({ name: 'other', arguments: [] })] }],
  ['LENGTH_WRONG', '/safe/0/arguments', { safe: [any('gate/open')] }],
  ['TEXT_INVALID', '/safe/0/command', { safe: [any('Gate/open', 1)] }],
  ['TEXT_INVALID', '/dangerous/0', { dangerous: ['open'] }],
  ['DUPLICATE_KEY', '/dangerous/1', { dangerous: ['a/b', 'a/b'] }],
  ['UNSORTED', '/dangerous/1', { dangerous: ['b/a', 'a/b'] }],
  ['LENGTH_WRONG', '/dangerous/0', { dangerous: [`a/${'b'.repeat(LIMITS.commandNameSizeMax - 1)}`] }],
];

for (const [code, at, changes] of CASES) {
  test(`refuses an envelope with ${code} at ${at}`, () => {
    const bytes = encodeCbor(envelopeSchema.encode(makeEnvelope(changes)));
    const refused = (error: { code: string; details: { at: string } }) => error.code === code && error.details.at === at;
    assert.throws(() => parseEnvelope(bytes), refused);
    assert.throws(() => envelopeSchema.fromJson(envelopeSchema.toJson(makeEnvelope(changes)), ''), refused);
  });
}

test('every list of an envelope has its limit, from both sides', () => {
  const quantities = (count: number) =>
    times(count, (i) => levelQuantity({ name: `q${i + 10}`, sensors: sensorsOf(`level-${i}`, 'inlet', 'outlet') }));
  const devices = (count: number) => sensorsOf('level', ...times(count, (i) => `pump ${i}`));
  const lists: readonly (readonly [countMax: number, make: (count: number) => Partial<Envelope>])[] = [
    [LIMITS.quantityCountMax, (count) => ({ quantities: quantities(count), rules: [] })],
    [LIMITS.quantitySensorCountMax, (count) => ({ quantities: [levelQuantity({ sensors: devices(count), least: 2 })] })],
    [LIMITS.interlockRuleCountMax, (count) => ({ rules: times(count, (i) => levelRule({ name: `rule ${i}` })) })],
    [LIMITS.safeDirectionCountMax, (count) => ({ safe: times(count, () => any('gate/open', 1)) })],
    [LIMITS.dangerousCommandCountMax, (count) => ({ dangerous: times(count, (i) => `gate/a${i + 100}`) })],
    [LIMITS.commandArgumentCountMax, (count) => ({ rules: [], safe: [any('gate/open', count)] })],
  ];
  for (const [countMax, make] of lists) {
    const bytes = (count: number) => encodeCbor(envelopeSchema.encode(makeEnvelope(make(count))));
    assert.doesNotThrow(() => parseEnvelope(bytes(countMax)));
    assert.throws(() => parseEnvelope(bytes(countMax + 1)), { code: 'LENGTH_WRONG' });
  }
});

test('ranges hold both of their bounds; a direction wants every argument in its range', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((value) => isWithin({ min: 1, max: 3 }, value)),
    [false, true, true, true, false],
  );
  assert.ok(isWithin({}, Number.MIN_SAFE_INTEGER));
  const direction = { command: 'gate/open', arguments: [{ min: 1 }, { max: 5 }] };
  const given = (...values: number[]) => ({ command: 'gate/open', arguments: values });
  assert.ok(isInDirection(direction, given(1, 5)));
  assert.ok(!isInDirection(direction, given(0, 5)));
  assert.ok(!isInDirection(direction, given(1, 6)));
  assert.ok(!isInDirection(direction, given(1)));
  assert.ok(!isInDirection(direction, given(1, 5, 0)));
  assert.ok(!isInDirection(direction, { command: 'gate/close', arguments: [1, 5] }));
});

test('a command is safe in a safe direction, and nowhere else', () => {
  const envelope = makeEnvelope();
  assert.ok(isSafe(envelope, { command: 'gate/open', arguments: [0] }));
  assert.ok(!isSafe(envelope, { command: 'gate/open', arguments: [1] }));
  assert.ok(!isSafe(envelope, { command: 'gate/open', arguments: [] }));
});
