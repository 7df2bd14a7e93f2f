/** Drives a lamp of the town by the SDK's own lamp (`sdk/device/src/lighting`), in town time, as fast as that runs. */

import { type Heard, Lamp, type LampSenses } from '@oppidum/device/lighting/lamp';
import type { LightingProgramme } from '@oppidum/formats/lighting-programme';
import type { StreetLamp } from './kinds/light.ts';
import { sectionOf } from './street-documents.ts';

const SECOND_MS = 1_000;
/** At a high speed of the town a lamp takes longer steps, so many between two looks at it. */
const STEP_COUNT_MAX = 5;

/** What the town knows beside the lamp: the traffic that the city told last, and whether the city was heard of lately. */
export type Told = { readonly traffic: number | null; readonly isLinked: boolean };

/** One lamp in a section of a programme. */
export class LampDriver {
  readonly #street: StreetLamp;
  readonly #isCrossing: boolean;
  readonly #told: () => Told;
  #lamp: Lamp;
  /** Town time of the last step; the lamp's own clock counts from its beginning. */
  #timeMs: number;
  readonly #fromMs: number;
  #level: number;
  #traffic: Heard | null = null;
  #linkUptimeMs: number | null = null;

  /** Takes over the lamp at this moment of town time; `isCrossing`: it lights a junction. */
  constructor(street: StreetLamp, isCrossing: boolean, programme: LightingProgramme, fromMs: number, told: () => Told) {
    this.#street = street;
    this.#isCrossing = isCrossing;
    this.#told = told;
    this.#lamp = new Lamp(programme, sectionOf(programme, isCrossing));
    [this.#fromMs, this.#timeMs] = [fromMs, fromMs];
    this.#level = this.#lamp.step(this.#senses()).level;
    street.drive((timeMs) => this.levelAt(timeMs));
  }

  /** The lamp as its programme has it; orders go to this one. */
  get lamp(): Lamp {
    return this.#lamp;
  }

  /** Another programme is in force; what was ordered under the former one is over. */
  renew(programme: LightingProgramme): void {
    this.#lamp = new Lamp(programme, sectionOf(programme, this.#isCrossing));
  }

  /** What the lamp knows at a moment, once it has moved on to it. */
  sensesAt(timeMs: number): LampSenses {
    this.advance(timeMs);
    return this.#senses();
  }

  #senses(): LampSenses {
    const uptimeMs = this.#timeMs - this.#fromMs;
    const { traffic, isLinked } = this.#told();
    if (traffic !== null) this.#traffic = { value: traffic, uptimeMs };
    if (isLinked) this.#linkUptimeMs = uptimeMs;
    return {
      uptimeMs,
      timeMs: this.#timeMs,
      photocellMlx: this.#street.photocellMlx(this.#timeMs),
      linkUptimeMs: this.#linkUptimeMs,
      traffic: this.#traffic,
      weather: null,
      ambient: null,
    };
  }

  /** Its level at a moment, from 0 to 1; a moment that is over shows what it is now. */
  levelAt(timeMs: number): number {
    this.advance(timeMs);
    return this.#level / 1_000;
  }

  /** Moves on to this moment of town time. */
  advance(timeMs: number): void {
    const stepMs = Math.max(SECOND_MS, Math.ceil((timeMs - this.#timeMs) / STEP_COUNT_MAX));
    while (timeMs - this.#timeMs >= stepMs) {
      this.#timeMs += stepMs;
      this.#level = this.#lamp.step(this.#senses()).level;
    }
  }
}
