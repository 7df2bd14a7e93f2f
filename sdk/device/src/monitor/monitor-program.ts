/**
 * What a conflict monitor guards, from its own copy of the signed matrix (specs/signals.md §8). It reads the street and computes the
 * shortest times itself: nothing here comes from plans or from the controller, so an error there is no error here.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { parseSignalMatrix, type SignalMatrix } from '@oppidum/formats/signal-matrix';

/** One signal head. `foes`: the channels that may not move while it does. */
export type MonitorChannel = {
  readonly phase: number;
  readonly isCrossing: boolean;
  readonly flashesYellow: boolean;
  readonly foes: readonly number[];
  /** Shortest yellow, or shortest clearance of a crossing. */
  readonly stopMinMs: number;
  /** Shortest time behind it until a foe may move. */
  readonly clearMinMs: number;
};

export type MonitorProgram = { readonly channels: readonly MonitorChannel[] };

/** Half seconds until a driver who sees yellow has stopped or is through: one of reaction, then braking at 10 ft/s² and what the grade adds. */
function stopHalves(speedMph: number, gradePercent: number): number {
  const decelerationMilli = 10_000 + 320 * gradePercent;
  let halves = 2;
  while ((halves - 2) * decelerationMilli < 2 * 733 * speedMph) halves++;
  return Math.min(12, Math.max(6, halves));
}

/** Tenths of a second for feet at tenths of a foot a second. */
function tenthsFor(feet: number, perHourFeet: number): number {
  let tenths = 0;
  while (tenths * perHourFeet < feet * 36_000) tenths++;
  return tenths;
}

/** Makes the program of a matrix document's body. Throws FormatError on bytes that mean nothing. */
export function readMonitorProgram(body: Bytes): MonitorProgram {
  const matrix = parseSignalMatrix(body);
  const channels = matrix.phases.map((phase) => channelOf(matrix, phase));
  // A matrix that lets conflicting roads flash yellow is refused long before; here it would be a conflict of our own making.
  const flashesYellow = (index: number): boolean => channels[index]?.flashesYellow === true;
  return {
    channels: channels.map((channel) => ({
      ...channel,
      flashesYellow: channel.flashesYellow && !channel.foes.some(flashesYellow),
    })),
  };
}

function channelOf({ phases, compatible }: SignalMatrix, phase: SignalMatrix['phases'][number]): MonitorChannel {
  const { number, widthFt, vehicle } = phase;
  const friends = new Set([number]);
  for (const [a = 0, b = 0] of compatible) {
    if (a === number) friends.add(b);
    if (b === number) friends.add(a);
  }
  const foes = phases.flatMap((other, i) => (friends.has(other.number) ? [] : [i]));
  const common = { phase: number, foes, isCrossing: vehicle === undefined, flashesYellow: vehicle?.flash === 'yellow' };
  // 3.5 ft/s are 12,600 feet an hour; a buffer of 3 s follows.
  if (vehicle === undefined) return { ...common, stopMinMs: 100 * tenthsFor(widthFt, 12_600), clearMinMs: 3_000 };
  return {
    ...common,
    stopMinMs: 500 * stopHalves(vehicle.speedMph, vehicle.gradePercent),
    clearMinMs: 100 * tenthsFor(widthFt + 20, vehicle.speedMph * 5_280),
  };
}
