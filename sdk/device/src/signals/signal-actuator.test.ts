import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type SignalMatrix, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { encodeZoneDocument, type KeySet } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { inFolder } from '../../../../test/support/folder.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { newKeySet, signAs } from '../../../../test/support/orders.ts';
import { digestOf, matrix, plans } from '../../../../test/support/signals.ts';
import { ConflictMonitor } from '../monitor/conflict-monitor.ts';
import { readMonitorProgram } from '../monitor/monitor-program.ts';
import { Intersection } from './intersection.ts';
import { SignalActuator } from './signal-actuator.ts';
import { SignalShelf, type SignedSignals } from './signal-documents.ts';
import { compileSignals, type SignalDocuments } from './signal-program.ts';

const ENGINEERS = ['ida', 'karl', 'vera'] as const;
const CITY = namedId('city');
const keys: KeySet = newKeySet(CITY, ENGINEERS);
const NO_LATCH = { read: () => null, write: () => undefined, clear: () => undefined };

const bodies: SignalDocuments = { matrix: encodeBy(signalMatrixSchema, matrix), plans: encodeBy(signalPlansSchema, plans) };

function programsOf(documents: SignalDocuments) {
  const program = compileSignals(nodeCrypto, documents);
  assert.ok(!('code' in program));
  return { program, guard: readMonitorProgram(documents.matrix) };
}

/** An intersection with its actuator, and time. */
class Site {
  readonly intersection: Intersection;
  readonly actuator: SignalActuator;
  isFaulty = false;
  nowMs = 0;

  constructor() {
    const { program, guard } = programsOf(bodies);
    const wiring = (lamps: Uint8Array) => (this.isFaulty ? lamps.map(() => 4) : lamps);
    this.intersection = new Intersection({ program, monitor: new ConflictMonitor(guard, NO_LATCH), wiring });
    this.actuator = new SignalActuator(this.intersection);
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 100)
      this.intersection.step(this.nowMs, { cityTimeMs: null, isLinked: true, detectors: 0 });
  }

  state(): Record<string, unknown> {
    return Object.fromEntries(this.actuator.state().map(({ sensor, value }) => [sensor.replace('signal/', ''), value]));
  }

  async order(command: string, ...given: number[]): Promise<string> {
    const order: Command = { command, arguments: given };
    const veto = this.actuator.veto(order);
    if (veto === null) await this.actuator.act(order);
    return veto ?? 'OK';
  }
}

test('orders choose plans, flash and end it; nothing else is a command', async () => {
  const site = new Site();
  site.run(60_000);
  assert.deepEqual(site.state(), {
    matrix: toHex(digestOf(matrix)),
    plans: toHex(nodeCrypto.sha256(bodies.plans)),
    mode: 'running',
    plan: 1,
    source: 'local',
    stage: 1,
    trip: 'none',
  });
  assert.equal(await site.order('signal/plan', 4), 'OK');
  site.run(120_000);
  assert.deepEqual([site.state()['plan'], site.state()['source']], [4, 'ordered']);
  assert.equal(await site.order('signal/flash'), 'OK');
  site.run(60_000);
  assert.equal(site.state()['mode'], 'flash');
  assert.equal(await site.order('signal/automatic'), 'OK');
  site.run(60_000);
  assert.equal(site.state()['mode'], 'running');
  assert.equal(await site.order('signal/plan', 7), 'PLAN_UNKNOWN');
  for (const [command, ...given] of [
    ['signal/lamp', 2, 4],
    ['signal/plan'],
    ['signal/plan', 1, 2],
    ['signal/flash', 1],
    ['light/level', 60],
  ] as const)
    assert.equal(await site.order(command, ...(given as number[])), 'COMMAND_UNKNOWN');
});

test('while the monitor holds flash no plan is begun, and no order resets it', async () => {
  const site = new Site();
  site.run(60_000);
  site.isFaulty = true;
  site.run(1_000);
  assert.equal(site.state()['trip'], 'conflict');
  site.isFaulty = false;
  assert.equal(await site.order('signal/plan', 1), 'MONITOR_TRIPPED');
  assert.equal(await site.order('signal/automatic'), 'MONITOR_TRIPPED');
  assert.equal(await site.order('signal/flash'), 'OK');
  site.run(60_000);
  assert.equal(site.state()['trip'], 'conflict');
});

type Changes = {
  readonly version?: number;
  readonly by?: readonly string[];
  readonly zone?: Bytes;
  readonly city?: Bytes;
  readonly name?: string;
};

function signedDocument(name: string, body: Bytes, { version = 1, by = ['ida', 'karl'], ...changes }: Changes = {}) {
  const statement = encodeZoneDocument({ city: CITY, zone: namedId('zone'), name, version, body, ...changes });
  return { statement, signatures: signAs('document', statement, ENGINEERS, by) };
}

function signedSignals(of: { matrix?: SignalMatrix; plans?: SignalPlans } = {}, both: Changes = {}): SignedSignals {
  const body = encodeBy(signalMatrixSchema, of.matrix ?? matrix);
  return {
    matrix: signedDocument('matrix', body, both),
    plans: signedDocument('plans', encodeBy(signalPlansSchema, of.plans ?? plans), both),
  };
}

/** Plans in which the day is called something else. */
const renamed: SignalPlans = { ...plans, plans: plans.plans.map((plan) => ({ ...plan, name: `new ${plan.name}` })) };

test('documents are accepted from anybody who brings what two engineers signed, and never older ones', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'signals', 'documents.cbor');
    const shelf = await SignalShelf.open(nodeCrypto, path);
    assert.equal(shelf.documents, null);
    const offer = async (signed: SignedSignals) => (await shelf.offer(keys, signed))?.code ?? 'OK';
    assert.equal(await offer(signedSignals({}, { by: ['ida'] })), 'SIGNATURES_FEW');
    assert.equal(
      (await shelf.offer({ ...keys, dangerousThreshold: 1 }, signedSignals({}, { by: ['ida'] })))?.code,
      'SIGNATURES_FEW',
    );
    assert.equal(await offer(signedSignals({}, { city: namedId('other') })), 'WRONG_CITY');
    assert.equal(await offer(signedSignals({}, { zone: namedId('other') })), 'ZONE_FOREIGN');
    const { matrix: first, plans: second } = signedSignals();
    assert.equal(await offer({ matrix: second, plans: first }), 'DOCUMENT_UNKNOWN');
    assert.equal(await offer({ matrix: first, plans: { ...second, signatures: first.signatures } }), 'SIGNATURE_INVALID');
    assert.equal(await offer({ matrix: { ...first, statement: Uint8Array.of(1) }, plans: second }), 'WRONG_TYPE');
    assert.equal(await offer(signedSignals({ plans: { ...plans, local: 6 } })), 'PLANS_LOCAL_INVALID');
    assert.equal(shelf.documents, null);
    assert.equal(await offer(signedSignals({}, { version: 2 })), 'OK');
    assert.equal(await offer(signedSignals({}, { version: 1 })), 'VERSION_NOT_NEXT');
    assert.equal(
      await offer(signedSignals({ plans: renamed }, { version: 2 })),
      'VERSION_NOT_NEXT',
      'two contents of one version',
    );
    assert.equal(await offer(signedSignals({}, { version: 2 })), 'OK', 'once more is nothing new');
    const kept = await SignalShelf.open(nodeCrypto, path);
    assert.deepEqual(kept.documents, bodies);
  }));

test('new documents begin through flash and all red, in the controller and in the monitor', () => {
  const site = new Site();
  site.run(60_000);
  const fewer: SignalMatrix = {
    ...matrix,
    phases: matrix.phases.filter(({ number }) => number !== 11),
    compatible: matrix.compatible.filter(([, b]) => b !== 11),
  };
  const stages = plans.plans
    .filter(({ purpose }) => purpose !== 'tram')
    .map((plan) => ({
      ...plan,
      stages: plan.stages.map((stage) => ({ ...stage, phases: stage.phases.filter((phase) => phase !== 11) })),
    }));
  const changed = {
    ...plans,
    matrix: digestOf(fewer),
    plans: stages,
    timings: plans.timings.filter(({ phase }) => phase !== 11),
    detectors: plans.detectors.filter(({ serves, kind }) => kind !== 'priority' || serves === 6),
  };
  const documents = { matrix: encodeBy(signalMatrixSchema, fewer), plans: encodeBy(signalPlansSchema, changed) };
  site.intersection.renew(programsOf(documents));
  site.run(100);
  assert.equal(site.state()['mode'], 'stopping');
  site.run(120_000);
  assert.deepEqual(
    [site.state()['mode'], site.state()['matrix'], site.state()['trip']],
    ['running', toHex(digestOf(fewer)), 'none'],
  );
  site.isFaulty = true;
  site.run(1_000);
  assert.equal(site.state()['trip'], 'conflict');
});
