/** What a conflict monitor is shown, and what it has to trip on: cases of vectors/signals/monitor.json (specs/signals.md §8). */

import { ConflictMonitor } from '@oppidum/device/monitor/conflict-monitor';
import { readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { matrix } from '../test/support/signals.ts';

const LOOK_MS = 100;
const [DARK, RED, YELLOW, GREEN] = [0, 1, 2, 4];

/** For so long these phases show these lamps and all others red; `isStill`: the beat of the controller stands still. */
type Show = { readonly ms: number; readonly lamps?: Readonly<Record<number, number>>; readonly isStill?: true };
type Case = readonly [why: string, ...shows: Show[]];

const green = (ms: number): Show => ({ ms, lamps: { 2: GREEN } });
const yellow = (ms: number): Show => ({ ms, lamps: { 2: YELLOW } });
const red = (ms: number): Show => ({ ms });

const CASES: readonly Case[] = [
  ['all red', red(5_000)],
  ['compatible greens', { ms: 5_000, lamps: { 2: GREEN, 6: GREEN, 9: GREEN, 11: GREEN } }],
  ['conflicting greens', red(500), { ms: 1_000, lamps: { 2: GREEN, 4: GREEN } }],
  ['green against walk', red(500), { ms: 1_000, lamps: { 2: GREEN, 10: GREEN } }],
  ['yellow against yellow', red(500), { ms: 1_000, lamps: { 4: YELLOW, 6: YELLOW } }],
  ['200 ms of conflict', { ms: 200, lamps: { 2: YELLOW, 4: YELLOW } }, red(5_000)],
  [
    '200 ms and 100 ms of conflict, a minute apart',
    { ms: 200, lamps: { 2: YELLOW, 4: YELLOW } },
    red(60_000),
    { ms: 100, lamps: { 2: YELLOW, 4: YELLOW } },
    red(500),
  ],
  ['dark for 900 ms', { ms: 900, lamps: { 4: DARK } }, red(500)],
  ['dark for a second', { ms: 1_500, lamps: { 4: DARK } }],
  ['a dark crossing', { ms: 5_000, lamps: { 9: DARK } }],
  ['red and green in one head', { ms: 1_000, lamps: { 2: RED | GREEN } }],
  ['walk and don’t walk', { ms: 1_000, lamps: { 9: RED | GREEN } }],
  ['a whole yellow', green(8_000), yellow(4_000), red(500)],
  ['a yellow short by one look', green(8_000), yellow(3_900), red(500)],
  ['a yellow short by two looks', green(8_000), yellow(3_800), red(500)],
  ['no yellow', green(8_000), red(500)],
  ['green again within yellow', green(8_000), yellow(1_000), green(500)],
  ['the whole red clearance', green(8_000), yellow(4_000), red(1_800), { ms: 500, lamps: { 4: GREEN } }],
  ['a red clearance short by two looks', green(8_000), yellow(4_000), red(1_600), { ms: 500, lamps: { 4: GREEN } }],
  ['nobody is across yet', { ms: 7_000, lamps: { 10: GREEN } }, red(20_000), { ms: 500, lamps: { 2: GREEN } }],
  ['everybody is across', { ms: 7_000, lamps: { 10: GREEN } }, red(20_200), { ms: 500, lamps: { 2: GREEN } }],
  ['the controller stands still', red(1_000), { ms: 1_500, isStill: true }],
  ['the controller stands still for 900 ms', red(1_000), { ms: 900, isStill: true }, red(500)],
];

/** The file: each case as looks 100 ms apart, run by run, with the trip and the number of the look at which it comes, from 1. */
export function renderMonitorCases() {
  const body = encodeBy(signalMatrixSchema, matrix);
  const program = readMonitorProgram(body);
  const cases = CASES.map(([why, ...shows]) => {
    const monitor = new ConflictMonitor(program, { read: () => null, write: () => undefined, clear: () => undefined });
    let [look, beat, tripLook] = [0, 0, 0];
    const runs = shows.map(({ ms, lamps = {}, isStill }) => {
      const lit = Uint8Array.from(matrix.phases, ({ number }) => lamps[number] ?? RED);
      const looks = ms / LOOK_MS;
      for (let i = 0; i < looks; i++) {
        look++;
        if (isStill !== true) beat++;
        if (!monitor.sample({ nowMs: look * LOOK_MS, lamps: lit, beat }) && tripLook === 0) tripLook = look;
      }
      return { looks, lamps: toHex(lit), isBeating: isStill !== true };
    });
    const { trip } = monitor;
    return { why, runs, trip: trip === null ? null : { ...trip, look: tripLook } };
  });
  return { matrix: toHex(body), lookMs: LOOK_MS, cases };
}
