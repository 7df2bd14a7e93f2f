/**
 * What must hold of every intersection at every step, judged from the lit lamps and the two documents alone: a third reading of
 * specs/signals.md that shares nothing with controller or monitor. Times are counted in steps of 100 ms.
 */

import type { SignalMatrix } from '@oppidum/formats/signal-matrix';
import type { SignalPlans } from '@oppidum/formats/signal-plan';

const STEP_MS = 100;
const [RED, YELLOW, GREEN] = [1, 2, 4];
const ALL_RED_MS = 6_000;

type Stream = {
  readonly number: number;
  readonly isVehicle: boolean;
  readonly leastMs: number;
  readonly stopMs: number;
  readonly clearMs: number;
  readonly foes: readonly number[];
  lamp: number;
  sinceMs: number;
  greenEndMs: number;
};

/** Watches one intersection; `breaches` says what was broken, by whom and when. */
export class SignalLaws {
  readonly breaches: string[] = [];
  readonly #streams: Stream[];
  #nowMs = 0;
  #darkMs = 0;
  greenCount = 0;

  constructor(matrix: SignalMatrix, { timings }: SignalPlans) {
    const isFriend = (a: number, b: number) =>
      a === b || matrix.compatible.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
    this.#streams = matrix.phases.map(({ number, vehicle }) => {
      const timing = timings.find(({ phase }) => phase === number);
      const { vehicle: drive, pedestrian: walk } = timing ?? {};
      const foes = matrix.phases.flatMap((other, i) => (isFriend(number, other.number) ? [] : [i]));
      return {
        number,
        isVehicle: vehicle !== undefined,
        leastMs: drive?.greenMinMs ?? walk?.shortWalkMs ?? 0,
        stopMs: drive?.yellowMs ?? walk?.clearanceMs ?? 0,
        clearMs: drive?.redMs ?? walk?.bufferMs ?? 0,
        foes,
        lamp: 0,
        sinceMs: 0,
        greenEndMs: -60_000,
      };
    });
  }

  /** The power fails: what was shown ends without a yellow. */
  losePower(): void {
    for (const stream of this.#streams) {
      stream.lamp = 0;
      stream.sinceMs = this.#nowMs;
    }
    this.#darkMs = this.#nowMs;
  }

  /** The lamps of the next step. */
  step(lamps: Uint8Array): void {
    this.#nowMs += STEP_MS;
    for (let i = 0; i < this.#streams.length; i++) this.#see(this.#streams[i] as Stream, lamps[i] as number);
    for (const stream of this.#streams) this.#judge(stream);
  }

  #see(stream: Stream, lamp: number): void {
    if (lamp === 0 && stream.isVehicle) this.#darkMs = this.#nowMs;
    if (lamp !== RED && lamp !== GREEN && lamp !== YELLOW && lamp !== 0) this.#breach(stream, `shows lamps ${lamp}`);
    // A crossing that clears flashes its don't walk: not a change.
    const shown = !stream.isVehicle && lamp === 0 ? RED : lamp;
    if (shown === stream.lamp) return;
    const lastedMs = this.#nowMs - stream.sinceMs;
    if (stream.lamp === GREEN) {
      if (lastedMs < stream.leastMs) this.#breach(stream, `was green for ${lastedMs} ms of ${stream.leastMs}`);
      if (shown !== (stream.isVehicle ? YELLOW : RED)) this.#breach(stream, `went from green to ${lamp}`);
      stream.greenEndMs = this.#nowMs;
    }
    if (stream.lamp === YELLOW && stream.greenEndMs === stream.sinceMs) {
      if (lastedMs !== stream.stopMs) this.#breach(stream, `was yellow for ${lastedMs} ms of ${stream.stopMs}`);
      if (shown !== RED) this.#breach(stream, `went from yellow to ${lamp}`);
    }
    stream.lamp = shown;
    stream.sinceMs = this.#nowMs;
    if (shown === GREEN) this.greenCount++;
  }

  #judge(stream: Stream): void {
    const isMoving = stream.lamp === GREEN || (stream.lamp === YELLOW && stream.greenEndMs === stream.sinceMs);
    if (!isMoving) return;
    const begins = stream.lamp === GREEN && stream.sinceMs === this.#nowMs;
    if (begins && this.#nowMs - this.#darkMs < ALL_RED_MS) this.#breach(stream, 'became green without all red');
    for (const at of stream.foes) {
      const foe = this.#streams[at] as Stream;
      if (foe.lamp === GREEN || (foe.lamp === YELLOW && foe.greenEndMs === foe.sinceMs))
        this.#breach(stream, `moves against phase ${foe.number}`);
      if (begins && this.#nowMs - foe.greenEndMs < foe.stopMs + foe.clearMs)
        this.#breach(stream, `began before phase ${foe.number} was cleared`);
    }
  }

  #breach({ number }: Stream, what: string): void {
    if (this.breaches.length < 20) this.breaches.push(`${this.#nowMs} ms: phase ${number} ${what}`);
  }
}
