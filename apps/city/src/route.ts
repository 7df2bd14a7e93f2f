/** How a thing drives round and round on a line: from stop to stop, with an even pull-away, a cruise and an even braking. */

import { between, lengthOf, metresBetween, type Place, turnAt } from './geometry.ts';

export type Driving = {
  readonly cruiseMS: number;
  /** Of pulling away and of braking. */
  readonly accelerationMS2: number;
  /** Stops are about so far from each other. */
  readonly stopEveryM: number;
  readonly waitS: number;
  /** At the first stop, where it begins again. */
  readonly firstWaitS: number;
};

/** Where it is: `stop` is the one it stands at or comes from, `lap` how often it was round. */
export type Whereabouts = {
  readonly place: Place;
  readonly distanceM: number;
  readonly speedMS: number;
  readonly stop: number;
  readonly lap: number;
};

/** From a stop to the next: it waits, then drives. */
type Leg = {
  readonly fromM: number;
  readonly lengthM: number;
  readonly waitS: number;
  readonly beginsS: number;
  readonly topMS: number;
};

/** It stops wherever it turns by more than 100°. */
const SHARP_TURN = Math.cos((100 * Math.PI) / 180);

/** A line that ends where it begins, driven for ever. */
export class Route {
  readonly lapS: number;
  readonly stopCount: number;
  readonly #line: readonly Place[];
  /** Metres from the start to each place of the line. */
  readonly #metres: readonly number[];
  readonly #legs: readonly Leg[];
  readonly #driving: Driving;

  constructor(line: readonly Place[], driving: Driving) {
    this.#line = line;
    this.#driving = driving;
    let sum = 0;
    this.#metres = line.map((place, i) => {
      if (i > 0) sum += metresBetween(line[i - 1] as Place, place);
      return sum;
    });
    this.#legs = this.#makeLegs(stopsOf(line, this.#metres, driving.stopEveryM));
    this.stopCount = this.#legs.length;
    const last = this.#legs.at(-1);
    this.lapS = last === undefined ? 1 : last.beginsS + last.waitS + this.#driveS(last);
  }

  /** Where it is, so many seconds after it first waited at its first stop. */
  at(seconds: number): Whereabouts {
    const lap = Math.floor(seconds / this.lapS);
    const inLapS = seconds - lap * this.lapS;
    const stop = Math.max(
      0,
      this.#legs.findLastIndex(({ beginsS }) => beginsS <= inLapS),
    );
    const leg = this.#legs[stop];
    if (leg === undefined) return { place: this.#line[0] as Place, distanceM: 0, speedMS: 0, stop: 0, lap };
    const { metres, speedMS } = this.#drive(leg, inLapS - leg.beginsS - leg.waitS);
    const distanceM = leg.fromM + metres;
    return { place: this.#placeAt(distanceM), distanceM, speedMS, stop, lap };
  }

  /** When it left each stop last is the same for all who ask: seconds from the start of a lap to leaving that stop. */
  leavesS(stop: number): number {
    const leg = this.#legs[stop];
    return leg === undefined ? 0 : leg.beginsS + leg.waitS;
  }

  /** Spans of metres on which the line runs over this one, each from its start to its end or the other way. */
  spansOver(other: readonly Place[]): readonly { readonly fromM: number; readonly toM: number; readonly isReversed: boolean }[] {
    const key = ({ lat, lon }: Place): string => `${lat} ${lon}`;
    const wanted = other.map(key);
    const keys = this.#line.map(key);
    return keys.flatMap((_, i) => {
      const part = keys.slice(i, i + wanted.length);
      const isSame = part.length === wanted.length && part.every((each, j) => each === wanted[j]);
      const isReversed = part.length === wanted.length && part.every((each, j) => each === wanted[wanted.length - 1 - j]);
      if (!isSame && !isReversed) return [];
      return [{ fromM: this.#metres[i] as number, toM: this.#metres[i + wanted.length - 1] as number, isReversed }];
    });
  }

  #makeLegs(stops: readonly number[]): readonly Leg[] {
    const { cruiseMS, accelerationMS2, waitS, firstWaitS } = this.#driving;
    const endM = this.#metres.at(-1) ?? 0;
    const legs: Leg[] = [];
    let beginsS = 0;
    for (const [i, fromM] of stops.entries()) {
      const lengthM = (stops[i + 1] ?? endM) - fromM;
      const topMS = Math.min(cruiseMS, Math.sqrt(lengthM * accelerationMS2));
      const leg = { fromM, lengthM, waitS: i === 0 ? firstWaitS : waitS, beginsS, topMS };
      legs.push(leg);
      beginsS += leg.waitS + this.#driveS(leg);
    }
    return legs;
  }

  #driveS({ lengthM, topMS }: Leg): number {
    return lengthM / topMS + topMS / this.#driving.accelerationMS2;
  }

  /** Metres from the stop and speed, so long after leaving it; before that it stands. */
  #drive(leg: Leg, seconds: number): { readonly metres: number; readonly speedMS: number } {
    const { accelerationMS2 } = this.#driving;
    const { lengthM, topMS } = leg;
    const leftS = this.#driveS(leg) - seconds;
    const pullS = topMS / accelerationMS2;
    if (seconds <= 0) return { metres: 0, speedMS: 0 };
    if (leftS <= 0) return { metres: lengthM, speedMS: 0 };
    if (seconds < pullS) return { metres: (accelerationMS2 * seconds ** 2) / 2, speedMS: accelerationMS2 * seconds };
    if (leftS < pullS) return { metres: lengthM - (accelerationMS2 * leftS ** 2) / 2, speedMS: accelerationMS2 * leftS };
    return { metres: (topMS * pullS) / 2 + topMS * (seconds - pullS), speedMS: topMS };
  }

  #placeAt(distanceM: number): Place {
    const after = this.#metres.findIndex((metres) => metres >= distanceM);
    const line = this.#line;
    if (after === 0) return line[0] as Place;
    if (after < 0) return line.at(-1) as Place;
    const [fromM, toM] = [this.#metres[after - 1] as number, this.#metres[after] as number];
    const share = toM === fromM ? 1 : (distanceM - fromM) / (toM - fromM);
    return between(line[after - 1] as Place, line[after] as Place, share);
  }
}

/** Metres at which it stops: at the start, at places of the line that are far enough from the last one, where it turns sharply. */
function stopsOf(line: readonly Place[], metres: readonly number[], everyM: number): readonly number[] {
  const length = lengthOf(line);
  if (length === 0) return [];
  const stops = [0];
  for (let i = 1; i < line.length - 1; i++) {
    const here = metres[i] as number;
    const sinceM = here - (stops.at(-1) as number);
    const isSharp = turnAt(line[i - 1] as Place, line[i] as Place, line[i + 1] as Place) < SHARP_TURN;
    const isLast = length - here < everyM / 2;
    if (sinceM > 0 && here < length && (isSharp || (sinceM >= everyM && !isLast))) stops.push(here);
  }
  return stops;
}
