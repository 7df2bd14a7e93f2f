/**
 * Drives one lamp by its programme and by orders (specs/lighting.md §7). Whoever builds the lamp calls `step` about once a second with what
 * its clock, photocell and link say, and sets the driver to the level that comes back. Time is the caller's: nothing here reads a clock.
 */

import type { Command } from '@oppidum/formats/command';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { isFrozen, type SteadyRun, steadyRun } from '@oppidum/formats/frozen-values';
import type { LightingClassName } from '@oppidum/formats/lighting-classes';
import { FULL_LEVEL, type LightDemand, type LightSituation, lightDemand } from '@oppidum/formats/lighting-level';
import { type LightCommand, readLightCommand } from '@oppidum/formats/lighting-orders';
import type { LightingProgramme, LightingSection } from '@oppidum/formats/lighting-programme';
import { checkLightVeto, leastLevel } from './lamp-monitor.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** A value as the city told it, and when by the lamp's own monotonic clock. */
export type Heard = { readonly value: number; readonly uptimeMs: number };

/** What a lamp knows at a moment. */
export type LampSenses = {
  /** Monotonic milliseconds; counts on while the machine sleeps. */
  readonly uptimeMs: number;
  /** Milliseconds since 1970, or null when the lamp does not know the time. */
  readonly timeMs: number | null;
  /** Of its photocell; null when it is broken. */
  readonly photocellMlx: number | null;
  /** When it last heard of the city, by `uptimeMs`; null: never. */
  readonly linkUptimeMs: number | null;
  readonly traffic: Heard | null;
  readonly weather: Heard | null;
  readonly ambient: Heard | null;
};

/** What the lamp does. `level`: ‰ of the full luminous flux, now; `aim`: where the ramp leads. */
export type LampAnswer = {
  readonly level: number;
  readonly aim: number;
  readonly class: LightingClassName;
  readonly reason: 'programme' | 'order' | 'maintenance' | 'lost' | 'day';
  /** The first thing that is lost, when that is the reason; `frozen`: the detector says one number for too long. */
  readonly lost: LightDemand['lost'] | 'link' | 'orders' | 'frozen';
};

type Wish = { readonly level: number; wasLit: boolean };

/** One lamp of one section of a programme. */
export class Lamp {
  readonly #programme: LightingProgramme;
  readonly #number: number;
  readonly #section: LightingSection;
  /** In thousandths of ‰, so that a ramp of 1 ‰ a second moves in steps of a millisecond; null before the first step. */
  #fineLevel: number | null = null;
  #steppedMs = 0;
  #isDark: boolean | null = null;
  #order: Wish | null = null;
  #isHeld = false;
  #maintenanceUntilMs: number | null = null;
  /** Since when the lamp could burn with less. */
  #lessSinceMs: number | null = null;
  #aim = FULL_LEVEL;
  /** What the detector has been saying; null before it spoke and after it was silent for too long. */
  #traffic: SteadyRun | null = null;

  /** Throws a plain Error when the programme has no such section: whoever commissions the lamp names it. */
  constructor(programme: LightingProgramme, section: number) {
    const found = programme.sections[section];
    if (found === undefined) throw new Error(`the programme has no section ${section}`);
    this.#programme = programme;
    this.#number = section;
    this.#section = found;
  }

  /**
   * Why an order is not obeyed now, or null: COMMAND_UNKNOWN, ARGUMENT_RANGE, LIGHT_SECTION_UNKNOWN, LIGHT_BY_DAY, LIGHT_BELOW_CLASS. It is
   * for the caller to verify that the order is one (quorum, order keys, challenge): this is the lamp's own judgement of what it asks.
   */
  veto({ command, arguments: values }: Command, senses: LampSenses): Rejection | null {
    const read = readLightCommand(command, values);
    if ('code' in read) return read;
    const isForeign = read.name === 'level' && read.section !== null && read.section !== this.#number;
    if (isForeign) return reject('LIGHT_SECTION_UNKNOWN', { section: read.section ?? 0, mine: this.#number });
    return checkLightVeto(read, this.#programme, this.#section, this.#situation(senses));
  }

  /** Takes an order, or refuses as `veto` does. */
  obey(given: Command, senses: LampSenses): Rejection | null {
    const vetoed = this.veto(given, senses);
    if (vetoed !== null) return vetoed;
    const command = readLightCommand(given.command, given.arguments);
    if (!('code' in command)) this.#take(command, senses);
    return null;
  }

  /** Full light by night, as for whatever else is lost, until an order is obeyed again: the lamp does not know whom to obey. */
  hold(): void {
    this.#isHeld = true;
  }

  #take(command: LightCommand, { uptimeMs }: LampSenses): void {
    this.#isHeld = false;
    if (command.name === 'maintenance') {
      this.#maintenanceUntilMs = uptimeMs + command.minutes * MINUTE_MS;
      return;
    }
    if (command.name === 'programme') this.#maintenanceUntilMs = null;
    const level = command.name === 'level' ? command.percent * 10 : FULL_LEVEL;
    this.#order = command.name === 'programme' ? null : { level, wasLit: false };
  }

  /** Moves the lamp on to this moment. */
  step(senses: LampSenses): LampAnswer {
    const now = this.#situation(senses);
    const demand = this.#demand(now);
    const isLinkLost = isLost(this.#programme, senses.linkUptimeMs, senses.uptimeMs);
    const { aim, reason } = this.#decide(senses, demand, isLinkLost);
    const guarded = this.#guard(aim, reason, now);
    const level = this.#ramp(senses.uptimeMs, guarded === 0 ? 0 : FULL_LEVEL);
    this.#aim = this.#held(guarded, demand.level, senses.uptimeMs);
    const lost =
      (demand.lost === 'traffic' && this.#isFrozen ? 'frozen' : demand.lost) ??
      (isLinkLost ? 'link' : this.#isHeld ? 'orders' : null);
    return { level, aim: this.#aim, class: demand.class, reason, lost: reason === 'lost' ? lost : null };
  }

  /** What was heard and is not too old. */
  #situation({ uptimeMs, timeMs, photocellMlx, traffic, weather, ambient }: LampSenses): LightSituation {
    const { on, off } = this.#programme.photocell;
    if (photocellMlx === null) this.#isDark = null;
    else if (photocellMlx < on) this.#isDark = true;
    else if (photocellMlx > off || this.#isDark === null) this.#isDark = photocellMlx <= off;
    const fresh = (heard: Heard | null): number | null =>
      heard === null || isLost(this.#programme, heard.uptimeMs, uptimeMs) ? null : heard.value;
    const vehicles = fresh(traffic);
    this.#traffic = vehicles === null || traffic === null ? null : steadyRun(this.#traffic, vehicles, traffic.uptimeMs);
    return {
      ...{ timeMs, isDark: this.#isDark, traffic: this.#isFrozen ? null : vehicles },
      ...{ weather: fresh(weather), ambientMlx: fresh(ambient) },
    };
  }

  get #isFrozen(): boolean {
    const limits = this.#section.traffic?.frozen;
    return limits !== undefined && this.#traffic !== null && isFrozen(limits, this.#traffic);
  }

  /** What is needed now, or once the ramp is over: hours and nightfall are known before. By day nothing is begun early. */
  #demand(now: LightSituation): LightDemand {
    const demand = lightDemand(this.#programme, this.#section, now);
    if (now.timeMs === null || demand.phase === 'day') return demand;
    const soon = { ...now, timeMs: now.timeMs + this.#programme.settleS * SECOND_MS };
    const next = lightDemand(this.#programme, this.#section, soon);
    return next.level > demand.level ? next : demand;
  }

  #decide({ uptimeMs }: LampSenses, demand: LightDemand, isLinkLost: boolean): Pick<LampAnswer, 'aim' | 'reason'> {
    const isLit = demand.level > 0;
    if (this.#order !== null) {
      if (this.#order.wasLit && !isLit) this.#order = null;
      else this.#order.wasLit = isLit;
    }
    if (this.#maintenanceUntilMs !== null && uptimeMs < this.#maintenanceUntilMs)
      return { aim: FULL_LEVEL, reason: 'maintenance' };
    this.#maintenanceUntilMs = null;
    if (!isLit) return { aim: 0, reason: 'day' };
    if (demand.lost !== null || isLinkLost || this.#isHeld) return { aim: FULL_LEVEL, reason: 'lost' };
    if (this.#order !== null && this.#order.level > demand.level) return { aim: this.#order.level, reason: 'order' };
    return { aim: demand.level, reason: this.#order === null ? 'programme' : 'order' };
  }

  /** The monitor's last word, found by code of its own: never below what the class needs. */
  #guard(aim: number, reason: LampAnswer['reason'], now: LightSituation): number {
    return reason === 'maintenance' ? aim : Math.max(aim, leastLevel(this.#programme, this.#section, now));
  }

  /** Brighter at once, off at once, darker only after that was enough for `holdS`; an order waits for nothing. */
  #held(aim: number, needed: number, uptimeMs: number): number {
    const isOrdered = this.#order !== null && this.#order.level === aim;
    if (aim >= this.#aim || aim === 0 || isOrdered || needed === 0) {
      this.#lessSinceMs = null;
      return aim;
    }
    this.#lessSinceMs ??= uptimeMs;
    if (uptimeMs - this.#lessSinceMs < this.#programme.holdS * SECOND_MS) return this.#aim;
    this.#lessSinceMs = null;
    return aim;
  }

  /** Where the way to the last aim has led until now. Power given to the lamp begins with full light by night, and none by day. */
  #ramp(uptimeMs: number, first: number): number {
    const { up, down } = this.#programme.ramp;
    const elapsedMs = Math.max(0, uptimeMs - this.#steppedMs);
    this.#steppedMs = Math.max(this.#steppedMs, uptimeMs);
    const from = this.#fineLevel ?? first * SECOND_MS;
    const aim = this.#fineLevel === null ? from : this.#aim * SECOND_MS;
    this.#fineLevel = aim > from ? Math.min(aim, from + up * elapsedMs) : Math.max(aim, from - down * elapsedMs);
    return Math.floor(this.#fineLevel / SECOND_MS);
  }
}

function isLost({ freshS }: LightingProgramme, heardMs: number | null, uptimeMs: number): boolean {
  return heardMs === null || uptimeMs - heardMs > freshS * SECOND_MS || heardMs > uptimeMs;
}
