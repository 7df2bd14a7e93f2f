import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Json } from '@oppidum/formats/schema';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { Ajv, type ValidateFunction } from 'ajv';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { sharedPath, skipReason } from '../../../../test/support/shared.ts';
import { matrix, plans } from '../../../../test/support/signals.ts';
import type { Trip } from '../monitor/conflict-monitor.ts';
import { SignalController } from './controller.ts';
import { type RsmpView, rsmpAlarm, rsmpStatuses, rsmpStatusUpdate } from './rsmp.ts';
import { readRsmpCommand } from './rsmp-commands.ts';
import { compileSignals, type SignalProgram } from './signal-program.ts';

const ENVELOPE = {
  messageId: '2f8ba4a8-07b3-4b0b-9a4c-0d2f3a1c5e7f',
  componentId: 'KK+AG0503=001TC000',
  timeMs: 1_790_000_000_000,
};
const compiled = compileSignals(nodeCrypto, {
  matrix: encodeBy(signalMatrixSchema, matrix),
  plans: encodeBy(signalPlansSchema, plans),
});
assert.ok(!('code' in compiled));
const program: SignalProgram = compiled;

/** The published schemas; what is no JSON Schema in them is Ruby's: a group of flags, a recursion, a list of types in one text. */
function publishedSchemas(): readonly ValidateFunction[] {
  const folder = sharedPath('data/rsmp/schemas');
  const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false, unicodeRegExp: false });
  for (const file of globSync('**/*.json', { cwd: folder })) {
    const text = readFileSync(join(folder, file), 'utf8')
      .replaceAll('(?-mix:', '(?:')
      .replaceAll('"string, null"', '["string", "null"]')
      .replaceAll(/"pattern" : "[^"]*\\\\g<item>[^"]*"/g, '"minLength": 0');
    ajv.addSchema(JSON.parse(text) as object, `https://rsmp.test/${relative('.', file)}`);
  }
  return ['core/3.2.2/core.json', 'core/3.2.2/rsmp.json', 'tlc/1.2.1/rsmp.json'].map((file) => {
    const validate = ajv.getSchema(`https://rsmp.test/${file}`);
    assert.ok(validate !== undefined, file);
    return validate;
  });
}

/** Views in every mode and aspect, untripped and tripped. */
function views(): RsmpView[] {
  const controller = new SignalController(program);
  const found: RsmpView[] = [];
  const trips: (Trip | null)[] = [null, { reason: 'conflict', phases: [2, 4] }];
  for (let second = 0; second < 700; second++) {
    for (let i = 0; i < 10; i++)
      controller.tick({ cityTimeMs: second * 1_000, isLinked: true, detectors: second % 90 === 40 ? 0xff : 0 });
    if (second === 200) controller.orderPlan(6);
    if (second === 320) controller.orderPlan(3);
    if (second === 400) controller.orderFlash();
    if (second === 500) controller.orderAutomatic();
    const trip = trips[second % 37 === 0 ? 1 : 0] ?? null;
    found.push({ program, status: controller.status, trip, detectors: second % 1_024 });
  }
  return found;
}

test('statuses and alarms are those of the published schemas', { skip: skipReason() }, () => {
  const schemas = publishedSchemas();
  const check = (message: object): void => {
    for (const validate of schemas)
      assert.ok(validate(message), `${JSON.stringify(message)}: ${JSON.stringify(validate.errors)}`);
  };
  const modes = new Set<string>();
  for (const view of views()) {
    check(rsmpStatusUpdate(ENVELOPE, rsmpStatuses(view)));
    modes.add(view.status.mode);
  }
  assert.deepEqual([...modes].sort(), ['allRed', 'flash', 'running', 'starting', 'stopping']);
  for (const reason of [
    'conflict',
    'redFail',
    'dualIndication',
    'shortYellow',
    'shortClearance',
    'watchdog',
    'unreadable',
  ] as const)
    for (const isActive of [true, false]) check(rsmpAlarm(ENVELOPE, { reason, phases: [2] }, isActive));
  // The schemas can refuse.
  const [, core, list] = schemas;
  assert.equal(
    core?.(rsmpStatusUpdate({ ...ENVELOPE, messageId: 'none' }, [{ sCI: 'S0001', n: 'stage', s: '1', q: 'recent' }])),
    false,
  );
  assert.equal(list?.(rsmpStatusUpdate(ENVELOPE, [{ sCI: 'S0001', n: 'stage', s: 'two', q: 'recent' }])), false);
});

test('signal groups have a letter for each phase, and green only where it is shown', () => {
  const letters = new Set<string>();
  for (const view of views()) {
    const { s } = rsmpStatuses(view).find(({ n }) => n === 'signalgroupstatus') ?? { s: '' };
    assert.equal(s.length, matrix.phases.length);
    [...(s as string)].forEach((letter, i) => {
      letters.add(letter);
      const isGo = view.trip === null && view.status.mode !== 'flash' && view.status.phases[i]?.aspect === 'go';
      assert.equal(/[1-9]/.test(letter), isGo, `${letter} of phase ${view.status.phases[i]?.number}`);
    });
  }
  assert.deepEqual([...letters].sort().join(''), '14BDFNPbcdeg');
});

const request = (cCI: string, cO: string, given: Readonly<Record<string, string>>): Json => ({
  mType: 'rSMsg',
  type: 'CommandRequest',
  mId: ENVELOPE.messageId,
  cId: ENVELOPE.componentId,
  arg: Object.entries({ securityCode: '0000', ...given }).map(([n, v]) => ({ cCI, cO, n, v })),
});

test('RSMP commands become commands of orders', { skip: skipReason() }, () => {
  const schemas = publishedSchemas();
  const cases: readonly (readonly [Json, string, readonly number[]])[] = [
    [request('M0001', 'setValue', { status: 'YellowFlash', timeout: '0', intersection: '0' }), 'signal/flash', []],
    [request('M0001', 'setValue', { status: 'NormalControl', timeout: '0', intersection: '0' }), 'signal/automatic', []],
    [request('M0002', 'setPlan', { status: 'True', timeplan: '4' }), 'signal/plan', [4]],
    [request('M0002', 'setPlan', { status: 'False', timeplan: '4' }), 'signal/automatic', []],
    [request('M0005', 'setEmergency', { status: 'True', emergencyroute: '6' }), 'signal/plan', [6]],
  ];
  for (const [message, command, given] of cases) {
    for (const validate of schemas) assert.ok(validate(message), JSON.stringify(validate.errors));
    assert.deepEqual(readRsmpCommand(message), { command, arguments: given });
  }
});

test('RSMP commands that reach past the signed plans are refused, and what is no command too', () => {
  const codeOf = (message: Json): string => {
    const read = readRsmpCommand(message);
    return 'code' in read ? read.code : 'OK';
  };
  const raw = [
    'M0003',
    'M0004',
    'M0006',
    'M0007',
    'M0008',
    'M0010',
    'M0011',
    'M0012',
    'M0013',
    'M0014',
    'M0015',
    'M0018',
    'M0019',
    'M0020',
  ];
  for (const code of raw) assert.equal(codeOf(request(code, 'setStart', { status: 'True' })), 'RSMP_REFUSED', code);
  assert.equal(codeOf(request('M0001', 'setValue', { status: 'Dark' })), 'RSMP_REFUSED');
  const bad: Json[] = [
    null,
    [],
    'M0002',
    { type: 'CommandRequest' },
    { type: 'CommandRequest', arg: [null] },
    { type: 'CommandRequest', arg: [{ cCI: 'M0002', cO: 'setPlan', n: 'status', v: true }] },
    { type: 'StatusRequest', arg: [{ cCI: 'M0002', cO: 'setPlan', n: 'status', v: 'True' }] },
    {
      type: 'CommandRequest',
      arg: [
        { cCI: 'M0002', cO: 'setPlan', n: 'status', v: 'True' },
        { cCI: 'M0002', cO: 'setPlan', n: 'status', v: 'False' },
      ],
    },
    {
      type: 'CommandRequest',
      arg: [
        { cCI: 'M0002', cO: 'setPlan', n: 'status', v: 'True' },
        { cCI: 'M0010', cO: 'setPlan', n: 'timeplan', v: '1' },
      ],
    },
    request('M0001', 'setValue', { status: 'Green' }),
    ...['0', '256', '-1', '1.5', '4x', ''].map((timeplan) => request('M0002', 'setPlan', { status: 'True', timeplan })),
    request('M0002', 'setPlan', { status: 'yes', timeplan: '1' }),
  ];
  for (const message of bad) assert.equal(codeOf(message), 'RSMP_INVALID', JSON.stringify(message));
});
