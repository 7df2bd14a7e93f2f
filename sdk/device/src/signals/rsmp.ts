/**
 * An intersection in the words of RSMP (Road Side Message Protocol 3.2.2, signal exchange list for traffic light controllers 1.2.1), for
 * systems of a city that speak it. What is told here is a view; what counts is what the device signs.
 */

import type { Trip, TripReason } from '../monitor/conflict-monitor.ts';
import type { PlanSource, SignalStatus } from './controller.ts';
import type { ProgramPhase, ProgramPlan, SignalProgram } from './signal-program.ts';

/** One value of a status; `s` is text, as RSMP has it. */
export type RsmpValue = {
  readonly sCI: string;
  readonly n: string;
  readonly s: string | readonly object[];
  readonly q: 'recent';
};

/** What statuses are told of. Bit n − 1 of `detectors`: detector n is active. */
export type RsmpView = {
  readonly program: SignalProgram;
  readonly status: SignalStatus;
  readonly trip: Trip | null;
  readonly detectors: number;
};

/** Who a message is from and when; `messageId` is a version 4 UUID. */
export type RsmpEnvelope = { readonly messageId: string; readonly componentId: string; readonly timeMs: number };

const TEXT_OF_FLAG = { true: 'True', false: 'False' } as const;
const flag = (value: boolean): string => TEXT_OF_FLAG[`${value}`];
const stamp = (timeMs: number): string => new Date(timeMs).toISOString();

const SOURCE: Readonly<Record<PlanSource, string>> = {
  local: 'other',
  chosen: 'control_block',
  ordered: 'forced',
  priority: 'control_block',
};

/** All statuses of an intersection, in ascending order of their codes. */
export function rsmpStatuses(view: RsmpView): readonly RsmpValue[] {
  const { program, status, trip, detectors } = view;
  const { plans, phases } = program;
  const plan = plans.find(({ number }) => number === status.plan) as ProgramPlan;
  const isFlashing = trip !== null || status.mode === 'flash' || status.mode === 'starting';
  const isAllRed = trip === null && status.mode === 'allRed';
  const source = status.mode === 'starting' ? 'startup' : trip === null ? SOURCE[status.source] : 'other';
  const forAll = (sCI: string, value: boolean): readonly RsmpValue[] => [
    told(sCI, 'intersection', '0'),
    told(sCI, 'status', flag(value)),
    told(sCI, 'source', source),
  ];
  const emergency = plan.purpose === 'emergency' && trip === null ? [{ id: `${plan.number}` }] : [];
  return [
    told('S0001', 'signalgroupstatus', phases.map((phase, i) => groupOf(view, phase, i)).join('')),
    told('S0001', 'cyclecounter', `${status.cycleS}`),
    told('S0001', 'basecyclecounter', `${(status.cycleS + Math.floor(plan.offsetMs / 1_000)) % Math.ceil(plan.cycleMs / 1_000)}`),
    told('S0001', 'stage', `${status.stage}`),
    told('S0002', 'detectorlogicstatus', program.detectors.map(({ bit }) => ((detectors & bit) === 0 ? '0' : '1')).join('')),
    told('S0005', 'status', flag(status.mode === 'starting')),
    ...forAll('S0007', true),
    ...forAll('S0010', plan.isActuated),
    ...forAll('S0011', isFlashing),
    ...forAll('S0012', isAllRed),
    told('S0014', 'status', `${status.plan}`),
    told('S0014', 'source', source),
    told('S0016', 'number', `${program.detectors.length}`),
    told('S0017', 'number', `${phases.length}`),
    told('S0020', 'intersection', '0'),
    told('S0020', 'controlmode', trip === null ? (status.mode === 'starting' ? 'startup' : 'control') : 'failure'),
    told('S0022', 'status', plans.map(({ number }) => number).join(',')),
    told('S0024', 'status', plans.map(({ number, offsetMs }) => `${number}-${Math.floor(offsetMs / 1_000)}`).join(',')),
    told('S0028', 'status', plans.map(({ number, cycleMs }) => `${number}-${Math.ceil(cycleMs / 1_000)}`).join(',')),
    told('S0035', 'emergencyroutes', emergency),
  ];
}

function told(sCI: string, n: string, s: string | readonly object[]): RsmpValue {
  return { sCI, n, s, q: 'recent' };
}

/** The letter of a signal group (signal exchange list 1.2.1, «Signal group status»), in the order of the phases of the matrix. */
function groupOf({ status, trip }: RsmpView, { isCrossing, flashesYellow, leastMs }: ProgramPhase, index: number): string {
  if (trip !== null || status.mode === 'flash' || status.mode === 'starting') {
    if (isCrossing) return status.mode === 'starting' && trip === null ? 'e' : 'b';
    return flashesYellow ? 'c' : 'd';
  }
  if (status.mode === 'allRed') return 'g';
  const phase = status.phases[index];
  if (phase === undefined || phase.aspect === 'red') return phase?.isCalled === true ? 'F' : 'B';
  if (phase.aspect === 'clear') return 'D';
  // A crossing that clears shows its don't walk.
  if (phase.aspect === 'stop') return isCrossing ? 'P' : 'N';
  return phase.forMs < leastMs ? '1' : '4';
}

/** A message of type StatusUpdate. */
export function rsmpStatusUpdate({ messageId, componentId, timeMs }: RsmpEnvelope, values: readonly RsmpValue[]): object {
  return { mType: 'rSMsg', type: 'StatusUpdate', mId: messageId, cId: componentId, sTs: stamp(timeMs), sS: values };
}

/** Alarm code and category D, by what the monitor tripped on: all are major faults that lead to the failure mode. */
const ALARM: Readonly<Record<TripReason, string>> = {
  conflict: 'A0006',
  shortYellow: 'A0006',
  shortClearance: 'A0006',
  redFail: 'A0201',
  dualIndication: 'A0201',
  watchdog: 'A0001',
  unreadable: 'A0003',
};
const PRIORITY_MAJOR = '2';

/** A message of type Alarm: the monitor tripped, or was reset on site. */
export function rsmpAlarm({ messageId, componentId, timeMs }: RsmpEnvelope, { reason, phases }: Trip, isActive: boolean): object {
  const lamp = { n: 'color', v: 'red' };
  const code = ALARM[reason];
  return {
    mType: 'rSMsg',
    type: 'Alarm',
    mId: messageId,
    cId: componentId,
    aCId: code,
    xACId: `${reason}${phases.length === 0 ? '' : ` of phases ${phases.join(' and ')}`}`,
    aSp: 'Issue',
    ack: 'notAcknowledged',
    aS: isActive ? 'Active' : 'inActive',
    sS: 'notSuspended',
    aTs: stamp(timeMs),
    cat: 'D',
    pri: PRIORITY_MAJOR,
    rvs: code === 'A0201' ? [lamp] : [],
  };
}
