import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import type { ErrorDetails } from '@oppidum/formats/errors';
import { deviceId } from '../../../../test/support/devices.ts';
import { levelQuantity, levelRule, makeEnvelope, sensorsOf } from '../../../../test/support/envelopes.ts';
import { evaluateInterlocks, type SensorView } from './interlocks.ts';

const NOW_MS = 1_000_000;
const speaks = (value: number, ageMs = 0): SensorView => ({ state: 'speaks', value, signedMs: NOW_MS - ageMs });
const silent: SensorView = { state: 'silent' };
const quarantined: SensorView = { state: 'quarantined', because: 'quarantined' };

/** `gate/open [1]` where inlet and outlet, and any sensors of the changes, say this. */
function evaluate(views: Readonly<Record<string, SensorView>>, changes: Parameters<typeof makeEnvelope>[0] = {}, argument = 1) {
  const byDevice = new Map(Object.entries(views).map(([name, view]) => [toHex(deviceId(name)), view]));
  const given = { command: 'gate/open', arguments: [argument] };
  return evaluateInterlocks(makeEnvelope(changes), given, NOW_MS, ({ device }) => {
    return byDevice.get(toHex(device)) ?? assert.fail('a sensor was asked that is none of the rule');
  });
}

const FACTS = { rule: 'no flood', quantity: 'level' };
const inlet = { device: toHex(deviceId('inlet')), sensor: 'level' };
const outlet = { device: toHex(deviceId('outlet')), sensor: 'level' };

test('a command passes while enough sensors speak, agree and are within the limit, to the unit', () => {
  const pass = (views: Readonly<Record<string, SensorView>>) => assert.equal(evaluate(views), null);
  pass({ inlet: speaks(200), outlet: speaks(200) });
  pass({ inlet: speaks(200), outlet: speaks(195) });
  pass({ inlet: speaks(-3), outlet: speaks(1, 10_000) });
  pass({ inlet: speaks(7, -5_000), outlet: speaks(7, 10_000) });
});

type Case = readonly [code: string, inlet: SensorView, outlet: SensorView, details: ErrorDetails];
const [first] = levelQuantity().sensors;
const isInletFirst = toHex(first!.device) === inlet.device;
const CASES: readonly Case[] = [
  ['INTERLOCK_LIMIT', speaks(201), speaks(201), { ...FACTS, lowest: 201, highest: 201, max: 200 }],
  ['INTERLOCK_LIMIT', speaks(198), speaks(201), { ...FACTS, lowest: 198, highest: 201, max: 200 }],
  ['INTERLOCK_LIMIT', speaks(201), speaks(198), { ...FACTS, lowest: 198, highest: 201, max: 200 }],
  ['INTERLOCK_CONTRADICTION', speaks(100), speaks(106), { ...FACTS, lowest: 100, highest: 106, agreeWithin: 5 }],
  ['INTERLOCK_CONTRADICTION', speaks(300), speaks(100), { ...FACTS, lowest: 100, highest: 300, agreeWithin: 5 }],
  ['INTERLOCK_SILENT', silent, speaks(1), { ...FACTS, ...inlet }],
  ['INTERLOCK_SILENT', speaks(1), silent, { ...FACTS, ...outlet }],
  ['INTERLOCK_SILENT', silent, silent, { ...FACTS, ...(isInletFirst ? inlet : outlet) }],
  ['INTERLOCK_SILENT', speaks(1), speaks(1, 10_001), { ...FACTS, ...outlet, ageMs: 10_001, freshMs: 10_000 }],
  ['INTERLOCK_QUARANTINED', quarantined, speaks(1), { ...FACTS, ...inlet, because: 'quarantined' }],
  ['INTERLOCK_QUARANTINED', speaks(300), quarantined, { ...FACTS, ...outlet, because: 'quarantined' }],
  [
    isInletFirst ? 'INTERLOCK_SILENT' : 'INTERLOCK_QUARANTINED',
    silent,
    quarantined,
    isInletFirst ? { ...FACTS, ...inlet } : { ...FACTS, ...outlet, because: 'quarantined' },
  ],
];
for (const [code, inletView, outletView, details] of CASES) {
  test(`holds with ${code}: ${JSON.stringify([inletView, outletView])}`, () => {
    assert.deepEqual(evaluate({ inlet: inletView, outlet: outletView }), { code, details });
  });
}

test('a forbidden command is refused whatever the sensors say, and without asking them', () => {
  const { needs: _, ...never } = levelRule({ name: 'closed for repair' });
  assert.deepEqual(evaluate({}, { rules: [never] }), { code: 'INTERLOCK_FORBIDDEN', details: { rule: 'closed for repair' } });
});

test('a command that no rule is about passes without asking sensors; a safe one does, too', () => {
  assert.equal(evaluate({}, {}, 0), null);
  assert.equal(
    evaluateInterlocks(makeEnvelope(), { command: 'lamp/on', arguments: [] }, NOW_MS, () => assert.fail()),
    null,
  );
});

test('a command with another number of arguments does not slip past the rules about it', () => {
  for (const args of [[], [1, 1]]) {
    const refused = evaluateInterlocks(makeEnvelope(), { command: 'gate/open', arguments: args }, NOW_MS, () => assert.fail());
    assert.deepEqual(refused, { code: 'INTERLOCK_ARGUMENTS', details: { command: 'gate/open', want: 1, got: args.length } });
  }
  const safe = [{ command: 'gate/open', arguments: [{}] }];
  const given = { command: 'gate/open', arguments: [] };
  assert.equal(
    evaluateInterlocks(makeEnvelope({ rules: [], safe }), given, NOW_MS, () => assert.fail())?.code,
    'INTERLOCK_ARGUMENTS',
  );
});

test('the first rule that fails is named, in the order of the envelope', () => {
  const rules = [
    levelRule({ name: 'one', needs: { quantity: 'level', min: 0 } }),
    levelRule({ name: 'two', needs: { quantity: 'level', max: 150 } }),
    levelRule({ name: 'three', needs: { quantity: 'level', max: 100 } }),
  ];
  const named = (value: number) => evaluate({ inlet: speaks(value), outlet: speaks(value) }, { rules })?.details['rule'] ?? null;
  assert.deepEqual([named(-1), named(100), named(101), named(151)], ['one', null, 'three', 'two']);
});

test('where fewer must speak than there are, silence of the others is borne, and disagreement never', () => {
  const sensors = sensorsOf('level', 'inlet', 'outlet', 'middle');
  const two = { quantities: [levelQuantity({ sensors, least: 2 })] };
  const three = { quantities: [levelQuantity({ sensors, least: 3 })] };
  const views = (middle: SensorView) => ({ inlet: speaks(100), outlet: speaks(101), middle });
  for (const view of [silent, quarantined, speaks(999, 10_001)]) {
    assert.equal(evaluate(views(view), two), null);
    assert.notEqual(evaluate(views(view), three), null);
  }
  assert.equal(evaluate(views(speaks(100)), three), null);
  assert.equal(evaluate(views(speaks(107)), two)?.code, 'INTERLOCK_CONTRADICTION', 'nobody is outvoted');
  assert.equal(evaluate({ ...views(silent), outlet: quarantined }, two)?.details['quantity'], 'level');
});
