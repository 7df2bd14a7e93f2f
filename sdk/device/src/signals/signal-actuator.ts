/**
 * An intersection as the order agent of its device sees it (specs/signals.md §10): three commands, none of which names a lamp. An order is
 * done when the controller has taken it over; what then runs, and why, is told by `state`.
 */

import { toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import type { SensorValue } from '../reading-pack.ts';
import type { Intersection } from './intersection.ts';

/** Takes orders for one intersection; fits `Actuator`. */
export class SignalActuator {
  readonly dangerous: ReadonlySet<string> = new Set(['signal/plan', 'signal/automatic']);
  readonly #intersection: Intersection;

  constructor(intersection: Intersection) {
    this.#intersection = intersection;
  }

  /** COMMAND_UNKNOWN, PLAN_UNKNOWN, and MONITOR_TRIPPED: while the monitor keeps the intersection at flash nothing else is begun. */
  veto({ command, arguments: given }: Command): string | null {
    const [plan] = given;
    if (command === 'signal/flash') return given.length === 0 ? null : 'COMMAND_UNKNOWN';
    if (command !== 'signal/plan' && command !== 'signal/automatic') return 'COMMAND_UNKNOWN';
    if (given.length !== (command === 'signal/plan' ? 1 : 0)) return 'COMMAND_UNKNOWN';
    if (plan !== undefined && !this.#isPlan(plan)) return 'PLAN_UNKNOWN';
    return this.#intersection.monitor.trip === null ? null : 'MONITOR_TRIPPED';
  }

  #isPlan(plan: number): boolean {
    return this.#intersection.program.plans.some(({ number }) => number === plan);
  }

  /** Does what was not vetoed. */
  async act({ command, arguments: [plan = 0] }: Command): Promise<void> {
    const { controller } = this.#intersection;
    if (command === 'signal/flash') return controller.orderFlash();
    if (command === 'signal/automatic') return controller.orderAutomatic();
    const rejection = controller.orderPlan(plan);
    if (rejection !== null) throw new Error(`plan ${plan} went away between veto and act`);
  }

  /** Through yellow and all red to flash, until the next order. */
  hold(): void {
    this.#intersection.controller.orderFlash();
  }

  /** What the intersection does now, and by which documents: a signed reading of it is evidence of the matrix that runs. */
  state(): readonly SensorValue[] {
    const { mode, plan, source, stage } = this.#intersection.controller.status;
    const { matrix, plans } = this.#intersection.program.digests;
    return [
      { sensor: 'signal/matrix', value: toHex(matrix) },
      { sensor: 'signal/plans', value: toHex(plans) },
      { sensor: 'signal/mode', value: mode },
      { sensor: 'signal/plan', value: plan },
      { sensor: 'signal/source', value: source },
      { sensor: 'signal/stage', value: stage },
      { sensor: 'signal/trip', value: this.#intersection.monitor.trip?.reason ?? 'none' },
    ];
  }
}
