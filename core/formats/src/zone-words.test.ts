import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelQuantity, levelRule, makeEnvelope, sensorsOf } from '../../../test/support/envelopes.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { PROGRAMME } from '../../../test/support/lighting.ts';
import { newKeySet, orderSigners } from '../../../test/support/orders.ts';
import { matrix, plans } from '../../../test/support/signals.ts';
import { toHex } from './bytes.ts';
import { encodeBy } from './common-schemas.ts';
import type { Envelope } from './envelope.ts';
import { lightingCabinetsSchema } from './lighting-cabinets.ts';
import { lightingProgrammeSchema } from './lighting-programme.ts';
import { type SignalMatrix, signalMatrixSchema } from './signal-matrix.ts';
import { type SignalPlans, signalPlansSchema } from './signal-plan.ts';
import { describeDocument, describeDocumentChange, describeEnvelopeChange, describeKeySetChange } from './zone-words.ts';

const matrixBody = (value: SignalMatrix) => encodeBy(signalMatrixSchema, value);
const plansBody = (value: SignalPlans) => encodeBy(signalPlansSchema, value);
const keyOf = (name: string): string => toHex(orderSigners(name)[0]?.publicKey ?? new Uint8Array());

test('a key that comes is said aloud, one that goes too, and every threshold with what it was', () => {
  const city = namedId('city');
  const words = describeKeySetChange(newKeySet(city, ['anna', 'ben']), newKeySet(city, ['ben', 'clara', 'dora'], { version: 2 }));
  assert.ok(words.includes(`No longer an order key: ${keyOf('anna')}`));
  for (const name of ['clara', 'dora']) assert.ok(words.includes(`NEW ORDER KEY: ${keyOf(name)}`));
  assert.deepEqual(words.slice(-2), [
    'Of 3 keys 1 must sign an order (before 1 of 2)',
    '2 must sign what is dangerous and every change of the zone (before 2)',
  ]);
});

test('what an envelope calls safe or dangerous, and how long orders live, is said where it differs', () => {
  const before = makeEnvelope({
    safe: [{ command: 'light/full', arguments: [] }],
    dangerous: ['light/off'],
    quantities: [],
    rules: [],
  });
  const next = { ...before, version: 2, previous: namedId('before'), safe: [], dangerous: [], lifetimeMsMax: 45_000 };
  const words = describeEnvelopeChange(before, next);
  assert.equal(words[0], 'No longer safe whatever is known: light/full');
  assert.equal(words[1], 'No longer dangerous: light/off');
  assert.match(words[2] ?? '', /^lifetimeMsMax: .* → 45 s$/);
  assert.deepEqual(describeEnvelopeChange(before, { ...before, version: 2 }), ['Nothing differs but the version']);
  const rule = (name: string) => ({ name, command: 'light/level', arguments: [{}] });
  const [a, b] = [rule('a'), rule('b')];
  assert.deepEqual(describeEnvelopeChange({ ...before, rules: [a, b] }, { ...before, rules: [b, a] }), [
    'Rules are evaluated in another order',
  ]);
});

test('no rule hides behind the words of another, and no order behind commas in names', () => {
  const quantity = (name: string) => levelQuantity({ name });
  const quantities = [quantity('q: light/full needs r'), quantity('r')];
  const words = 'n: light/off needs q: light/full needs r up to 5';
  const off = { name: 'n', command: 'light/off', arguments: [], needs: { quantity: 'q: light/full needs r', max: 5 } };
  const full = { name: 'n: light/off needs q', command: 'light/full', arguments: [], needs: { quantity: 'r', max: 5 } };
  const envelope = (rules: Envelope['rules']): Envelope => makeEnvelope({ quantities, rules });
  assert.deepEqual(describeEnvelopeChange(envelope([off]), envelope([full])), [
    `No longer a rule: ${words}`,
    `Now a rule: ${words}`,
  ]);
  const [section] = PROGRAMME.sections;
  assert.ok(section !== undefined);
  const bodyOf = (...names: readonly string[]) =>
    encodeBy(lightingProgrammeSchema, { ...PROGRAMME, sections: names.map((name) => ({ ...section, name })) });
  assert.deepEqual(describeDocumentChange({ name: 'programme', body: bodyOf('a,b', 'a', 'b') }, bodyOf('a', 'b', 'a,b')), [
    'sections: in another order, a,b, a, b',
  ]);
});

test('of a matrix every cell that differs is said, by the names of the phases', () => {
  const before = matrixBody(matrix);
  const [first, ...rest] = matrix.phases;
  assert.ok(first !== undefined);
  const body = matrixBody({
    ...matrix,
    phases: [{ ...first, widthFt: 71 }, ...rest],
    compatible: [[1, 5], [2, 4], ...matrix.compatible.slice(2)],
  });
  assert.deepEqual(describeDocumentChange({ name: 'matrix', body }, before), [
    'MAY NOW BE GREEN TOGETHER: phase 2 (Main east) and phase 4 (Mill north)',
    'No longer green together: phase 1 (Main west, left) and phase 6 (Main west)',
    'phases 1, widthFt: 70 → 71',
  ]);
  const all = describeDocumentChange({ name: 'matrix', body: before }, null);
  assert.equal(all.filter((line) => line.startsWith('MAY NOW BE GREEN TOGETHER')).length, matrix.compatible.length);
  const fewer = matrixBody({
    ...matrix,
    phases: matrix.phases.slice(0, -1),
    compatible: matrix.compatible.filter((pair) => !pair.includes(11)),
  });
  assert.ok(describeDocumentChange({ name: 'matrix', body: fewer }, before).includes('phases 11: taken away'));
});

test('of plans every time that differs is said, plans that come and go, and stages whole', () => {
  const [first, second, ...rest] = plans.plans;
  assert.ok(first !== undefined && second !== undefined);
  const [stage, ...stages] = first.stages;
  assert.ok(stage !== undefined);
  const changed = {
    ...first,
    cycleMs: first.cycleMs + 500,
    stages: [{ ...stage, durationMs: stage.durationMs + 500 }, ...stages],
  };
  const fresh = { ...second, number: 200, name: 'fair' };
  const words = describeDocumentChange(
    { name: 'plans', body: plansBody({ ...plans, plans: [changed, ...rest, fresh] }) },
    plansBody(plans),
  );
  assert.ok(words.includes(`plans ${second.number}: taken away`));
  assert.ok(
    words.some((line) => line.startsWith('plans 200 (new), name: fair')),
    words.join('\n'),
  );
  assert.ok(words.some((line) => /^plans 1, cycleMs: .* s → .*\.500 s$/.test(line)));
  const stageLine = words.find((line) => line.startsWith('plans 1, stages: ')) ?? '';
  assert.match(stageLine, /phases \[2; 6; 9; 11\], durationMs/);
});

test('what goes is said though another of its name stays, and so is another order of the same', () => {
  const cabinet = (name: string, lamp: string) => ({
    ...{ name, meter: { device: namedId(`meter of ${lamp}`), name: 'power' }, standingMw: 0 },
    ...{ wavering: { meterMw: 0, lampsPermille: 0 }, steadyPermille: 0, lamps: [{ device: namedId(lamp), curve: 0 }] },
  });
  const curves = [
    [
      { level: 0, powerMw: 0 },
      { level: 1_000, powerMw: 60_000 },
    ],
  ];
  const bodyOf = (...cabinets: readonly ReturnType<typeof cabinet>[]) =>
    encodeBy(lightingCabinetsSchema, { version: 1, level: 'dimming', curves, cabinets });
  const [near, far] = [cabinet('Mill Street', 'near'), cabinet('Mill Street', 'far')];
  const [gone = ''] = describeDocumentChange({ name: 'cabinets', body: bodyOf(near) }, bodyOf(near, far));
  assert.ok(gone.startsWith('cabinets: ') && gone.includes(toHex(namedId('far'))), gone);

  const programme = (sections: typeof PROGRAMME.sections) => encodeBy(lightingProgrammeSchema, { ...PROGRAMME, sections });
  const [first, second, ...rest] = PROGRAMME.sections;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(
    describeDocumentChange({ name: 'programme', body: programme([second, first, ...rest]) }, programme(PROGRAMME.sections)),
    [`sections: in another order, ${[second, first, ...rest].map(({ name }) => name).join(', ')}`],
  );
});

test('sensors of one name are told by their devices, so that the one that goes is named and no other', () => {
  const sensors = sensorsOf('level', 'inlet', 'outlet', 'gauge');
  const before = makeEnvelope({ quantities: [levelQuantity({ sensors, least: 2 })] });
  const next = (changes: Partial<Envelope>) => ({ ...before, version: 2, previous: namedId('before'), ...changes });
  for (const gone of sensors) {
    const others = sensors.filter((sensor) => sensor !== gone);
    const words = describeEnvelopeChange(before, next({ quantities: [levelQuantity({ sensors: others, least: 2 })] }));
    assert.deepEqual(words, [`quantities level, sensors ${toHex(gone.device)}: taken away`]);
  }
});

test('rules in another order are said beside whatever else differs', () => {
  const [a, b, c] = [levelRule({ name: 'a' }), levelRule({ name: 'b' }), levelRule({ name: 'c' })];
  const before = makeEnvelope({ rules: [a, b] });
  const words = describeEnvelopeChange(before, { ...before, version: 2, previous: namedId('before'), rules: [b, a, c] });
  assert.equal(words.length, 2, words.join('\n'));
  assert.equal(words[1], 'Rules are evaluated in another order');
});

test('a document in force is said as it is: nothing in it is new, and nothing is the first', () => {
  const words = describeDocument({ name: 'matrix', body: matrixBody(matrix) });
  assert.equal(words.filter((line) => line.startsWith('May be green together: phase ')).length, matrix.compatible.length);
  assert.ok(words.includes('phases 1, widthFt: 70'));
  assert.ok(describeDocument({ name: 'plans', body: plansBody(plans) }).some((line) => /^plans 1, cycleMs: /.test(line)));
  assert.doesNotMatch(words.join('\n'), /\(new\)|first of its name|NOW/);
  assert.deepEqual(describeDocument({ name: 'toString', body: Uint8Array.of(1, 2) }), ['2 bytes that have no words here']);
});

test('a programme is said in its fields, and what has no words by its size alone', () => {
  const body = encodeBy(lightingProgrammeSchema, { ...PROGRAMME, settleS: PROGRAMME.settleS + 1 });
  assert.deepEqual(describeDocumentChange({ name: 'programme', body }, encodeBy(lightingProgrammeSchema, PROGRAMME)), [
    `settleS: ${PROGRAMME.settleS} → ${PROGRAMME.settleS + 1}`,
  ]);
  assert.deepEqual(describeDocumentChange({ name: 'toString', body: Uint8Array.of(1, 2) }, null), [
    '2 bytes that have no words here; before 0',
  ]);
});
