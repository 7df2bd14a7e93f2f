/**
 * Does a cabinet take the electricity that its lamps explain (specs/lighting.md §8)? What is left over or missing is told apart by how it
 * follows the levels: a dead lamp takes away its own power curve, theft adds what the lamps' levels do not explain. Errors of meter and
 * lamps are bounds, not likelihoods: as long as they hold, nothing is ever reported that is not there.
 */

import { lampPowerMw, type PowerCurve } from '@oppidum/formats/lighting-power';
import { solveSymmetric } from './solve-symmetric.ts';

/** What one interval showed: mean power at the meter, and the level of every lamp as it signed it, in the order of the lamps. */
export type CabinetInterval = { readonly meterMw: number; readonly levels: readonly number[] };

export type Cabinet = {
  /** The power curve of each lamp. */
  readonly lamps: readonly PowerCurve[];
  /** What the cabinet itself takes. */
  readonly standingMw: number;
  /** Largest error of an interval that passes by the next: steps of the meter, lamps that waver. */
  readonly wavering: { readonly meterMw: number; readonly lampsPermille: number };
  /** Largest error that stays: of the meter and of the curves of lamps together, as the commissioning left it. */
  readonly steadyPermille: number;
};

/** `count` lamps among `lamps` take nothing; which of them, only where `lamps` are as many. */
export type DeadLamps = { readonly kind: 'dead'; readonly count: number; readonly lamps: readonly number[] };
/** `powerMw` ± `uncertaintyMw` too much in the intervals from `from` to before `to`; nobody can say where along the cable. */
export type StolenPower = {
  readonly kind: 'stolen';
  readonly powerMw: number;
  readonly uncertaintyMw: number;
  readonly from: number;
  readonly to: number;
};
export type CabinetFinding = DeadLamps | StolenPower;

export type CabinetAccount = {
  readonly findings: readonly CabinetFinding[];
  /** Meter less lamps and standing power, over all intervals, and how far it may be from 0 for no reason. */
  readonly residualMw: number;
  readonly uncertaintyMw: number;
  /** True when after the findings something is left that no finding explains. */
  readonly unexplained: boolean;
  /** What these bounds hide: so many dead lamps of the group where one shows least, and so much stolen all the time. */
  readonly hidden: { readonly deadLamps: number; readonly stolenMw: number };
};

/** Lamps that nothing tells apart: one curve, and the same levels in all intervals. */
type Group = { readonly lamps: readonly number[]; readonly power: readonly number[] };
/** One way to explain the residual: `shape` times a number. */
type Column = { readonly shape: readonly number[]; readonly group: Group | null; readonly from: number; readonly to: number };
type Part = { readonly column: Column; readonly size: number };

const FINDINGS_MAX = 8;
const EXCHANGES_MAX = 1_000;
/** Errors that reach their bound are within it, however sums of them are rounded. */
const EDGE = 1.000_001;

/** Accounts for a run of intervals of equal length. Throws a plain Error where an interval has not a level for each lamp. */
export function accountCabinet(cabinet: Cabinet, intervals: readonly CabinetInterval[]): CabinetAccount {
  const groups = groupLamps(cabinet, intervals);
  const expected = intervals.map((_, t) => groups.reduce((sum, { lamps, power }) => sum + lamps.length * (power[t] ?? 0), 0));
  const residual = intervals.map(({ meterMw }, t) => meterMw - cabinet.standingMw - (expected[t] ?? 0));
  const bounds = Bounds.of(cabinet, groups, expected);
  const parts = explain(residual, groups, bounds);
  const left = without(residual, parts);
  const after = bounds.after(parts);
  const whole = { shape: expected.map(() => 1), group: null, from: 0, to: expected.length };
  const missed = groups.map((group) => Math.min(group.lamps.length, Math.floor(2 * bounds.of(deadColumn(group)))));
  return {
    findings: parts.map((part) => describe(part, left, groups, bounds, after)),
    residualMw: Math.round(bounds.sizeOf(residual, whole)),
    uncertaintyMw: Math.ceil(bounds.of(whole)),
    unexplained: left.some((value, t) => Math.abs(value) > EDGE * after.at(t)),
    // An error of one sign may hide what one of the other sign would show twice as large.
    hidden: { deadLamps: Math.max(0, ...missed), stolenMw: Math.ceil(2 * bounds.of(whole)) },
  };
}

/** One cause after the other, each time the one that explains most of what is left; what was found before is then weighed anew. */
function explain(residual: readonly number[], groups: readonly Group[], bounds: Bounds): readonly Part[] {
  let parts: readonly Part[] = [];
  while (parts.length < FINDINGS_MAX) {
    const found = bestColumn(without(residual, parts), groups, bounds.after(parts));
    const next = found === null ? null : settle(residual, [...parts, found], groups, bounds);
    if (next === null) return parts;
    parts = next;
  }
  return parts;
}

/**
 * Moves dead lamps from group to group, one at a time, for as long as that explains more, and finds the sizes of what is stolen by least
 * squares. Null when nothing is left of a theft, or thefts repeat each other.
 */
function settle(
  residual: readonly number[],
  parts: readonly Part[],
  groups: readonly Group[],
  bounds: Bounds,
): readonly Part[] | null {
  const spans = parts.filter(({ column }) => column.group === null).map(({ column }) => column);
  const counts = groups.map((group) => parts.reduce((sum, { column, size }) => (column.group === group ? sum + size : sum), 0));
  const columns = groups.map(deadColumn);
  const deadParts = (): readonly Part[] =>
    columns.flatMap((column, g) => ((counts[g] ?? 0) > 0 ? [{ column, size: counts[g] ?? 0 }] : []));
  for (let round = 0; round < EXCHANGES_MAX; round++) {
    const stolen = stolenParts(without(residual, deadParts()), spans, bounds);
    if (stolen === null) return null;
    const left = without(residual, [...deadParts(), ...stolen]);
    const move = bestMove(left, columns, counts, bounds);
    if (move === null) return [...deadParts(), ...stolen];
    for (const [g, change] of move) counts[g] = (counts[g] ?? 0) + change;
  }
  return null;
}

type Move = readonly (readonly [group: number, change: number])[];

/** The change by one lamp, or the exchange of one for another, that leaves least; null when none leaves less. */
function bestMove(left: readonly number[], columns: readonly Column[], counts: readonly number[], bounds: Bounds): Move | null {
  let [best, gain] = [null as Move | null, 0];
  const gainOf = (shape: readonly number[]): number => 2 * bounds.product(shape, left) - bounds.product(shape, shape);
  const consider = (move: Move, shape: readonly number[]): void => {
    const found = gainOf(shape);
    if (found > gain * EDGE + EDGE - 1) [best, gain] = [move, found];
  };
  const sizeOf = (g: number): number => columns[g]?.group?.lamps.length ?? 0;
  for (const [a, { shape }] of columns.entries()) {
    if ((counts[a] ?? 0) === 0) continue;
    const less = shape.map((x) => -x);
    consider([[a, -1]], less);
    if ((counts[a] ?? 0) < sizeOf(a)) consider([[a, 1]], shape);
    for (const [b, other] of columns.entries()) {
      if (b === a || (counts[b] ?? 0) >= sizeOf(b)) continue;
      const exchanged = less.map((x, t) => x + (other.shape[t] ?? 0));
      consider(
        [
          [a, -1],
          [b, 1],
        ],
        exchanged,
      );
    }
  }
  return best;
}

function groupLamps({ lamps }: Cabinet, intervals: readonly CabinetInterval[]): readonly Group[] {
  const found = new Map<string, { lamps: number[]; power: readonly number[] }>();
  for (const [i, curve] of lamps.entries()) {
    const power = intervals.map(({ levels }) => {
      const level = levels[i];
      if (level === undefined) throw new Error(`no level of lamp ${i}`);
      return lampPowerMw(curve, level);
    });
    const key = power.join();
    const known = found.get(key);
    if (known === undefined) found.set(key, { lamps: [i], power });
    else known.lamps.push(i);
  }
  return [...found.values()];
}

/** How large a number may come out of errors alone. What is exact weighs more: an interval counts by the inverse square of its bound. */
class Bounds {
  readonly #passing: readonly number[];
  readonly #steady: readonly (readonly number[])[];
  readonly #bounds: readonly number[];
  readonly #weights: readonly number[];

  constructor(passing: readonly number[], steady: readonly (readonly number[])[]) {
    this.#passing = passing;
    this.#steady = steady;
    this.#bounds = passing.map((own, t) => steady.reduce((sum, group) => sum + (group[t] ?? 0), own));
    this.#weights = this.#bounds.map((bound) => 1 / (bound * bound));
  }

  static of({ wavering, steadyPermille }: Cabinet, groups: readonly Group[], expected: readonly number[]): Bounds {
    // No meter is exact to a milliwatt. Each group may be wrong by as much, on its own side.
    const passing = expected.map((power) => Math.max(1, wavering.meterMw + (power * wavering.lampsPermille) / 1_000));
    return new Bounds(
      passing,
      groups.map(({ lamps, power }) => power.map((each) => (each * lamps.length * steadyPermille) / 1_000)),
    );
  }

  /**
   * The same once these parts were subtracted, whose sizes are known only so well. Lamps are whole: where errors are smaller than half a
   * lamp the count is right.
   */
  after(parts: readonly Part[]): Bounds {
    const doubts = parts.flatMap(({ column }) => {
      const doubt = this.of(column);
      return column.group !== null && doubt < 0.5 ? [] : [{ shape: column.shape, doubt }];
    });
    const passing = this.#passing.map((own, t) =>
      doubts.reduce((sum, { shape, doubt }) => sum + doubt * Math.abs(shape[t] ?? 0), own),
    );
    return new Bounds(passing, this.#steady);
  }

  /** Of the residual of one interval. */
  at(t: number): number {
    return this.#bounds[t] ?? 0;
  }

  /** Sum of the products of two series, by the weight of each interval. */
  product(a: readonly number[], b: readonly number[]): number {
    return sumOver(a, (x, t) => x * (b[t] ?? 0) * (this.#weights[t] ?? 0));
  }

  /** By least squares. */
  sizeOf(residual: readonly number[], { shape }: Column): number {
    return this.product(shape, residual) / this.product(shape, shape);
  }

  /** Of the size that `sizeOf` finds for a column. */
  of({ shape }: Column): number {
    const squares = this.product(shape, shape);
    if (squares === 0) return Number.POSITIVE_INFINITY;
    const passing = this.product(shape.map(Math.abs), this.#passing);
    const steady = this.#steady.reduce((sum, group) => sum + Math.abs(this.product(shape, group)), 0);
    return (passing + steady) / squares;
  }
}

function sumOver(values: readonly number[], term: (value: number, t: number) => number): number {
  let sum = 0;
  for (let t = 0; t < values.length; t++) sum += term(values[t] as number, t);
  return sum;
}

function deadColumn(group: Group): Column {
  return { shape: group.power.map((power) => -power), group, from: 0, to: group.power.length };
}

/** The column that explains most of what is left, of those that are larger than errors can be. */
function bestColumn(left: readonly number[], groups: readonly Group[], bounds: Bounds): Part | null {
  let [best, explained] = [null as Part | null, 0];
  const consider = (column: Column): void => {
    const size = bounds.sizeOf(left, column);
    // A whole lamp is missing or none is.
    if (!(size > EDGE * bounds.of(column)) || (column.group !== null && size < 0.5)) return;
    const share = size * bounds.product(column.shape, left);
    if (share <= explained) return;
    const count = column.group === null ? size : Math.max(1, Math.min(column.group.lamps.length, Math.round(size)));
    [best, explained] = [{ column, size: count }, share];
  };
  for (const group of groups) consider(deadColumn(group));
  for (const column of stolenColumns(left, bounds)) consider(column);
  return best;
}

/** Stolen all the time, and in the one run of intervals that shows it best: where the sum of what exceeds the bounds is largest. */
function stolenColumns(left: readonly number[], bounds: Bounds): readonly Column[] {
  let [from, sum] = [0, 0];
  let [bestFrom, bestTo, bestSum] = [0, 0, 0];
  for (const [t, value] of left.entries()) {
    if (sum <= 0) [from, sum] = [t, 0];
    sum += value - bounds.at(t);
    if (sum > bestSum) [bestFrom, bestTo, bestSum] = [from, t + 1, sum];
  }
  const spans: readonly (readonly [number, number])[] =
    bestSum > 0
      ? [
          [0, left.length],
          [bestFrom, bestTo],
        ]
      : [[0, left.length]];
  return spans.map(([start, end]) => ({
    shape: left.map((_, t) => (t >= start && t < end ? 1 : 0)),
    group: null,
    from: start,
    to: end,
  }));
}

/** What is stolen in these spans, all together by least squares. Null when spans repeat each other, or nothing is left of one. */
function stolenParts(residual: readonly number[], spans: readonly Column[], bounds: Bounds): readonly Part[] | null {
  const products = spans.map((a) => spans.map((b) => bounds.product(a.shape, b.shape)));
  const sizes = solveSymmetric(
    products,
    spans.map(({ shape }) => bounds.product(shape, residual)),
  );
  if (sizes === null || sizes.some((size) => size <= 0)) return null;
  return spans.map((column, i) => ({ column, size: sizes[i] ?? 0 }));
}

function without(residual: readonly number[], parts: readonly Part[]): readonly number[] {
  return residual.map((value, t) => parts.reduce((rest, { column, size }) => rest - size * (column.shape[t] ?? 0), value));
}

/** For dead lamps also every other group whose lamps, dead instead, would leave no more than errors. */
function describe(part: Part, left: readonly number[], groups: readonly Group[], bounds: Bounds, after: Bounds): CabinetFinding {
  const { column, size } = part;
  const { group, from, to } = column;
  if (group === null) return { kind: 'stolen', powerMw: Math.round(size), uncertaintyMw: Math.ceil(bounds.of(column)), from, to };
  const before = left.map((value, t) => value + size * (column.shape[t] ?? 0));
  const fits = ({ lamps, power }: Group): boolean =>
    lamps.length >= size && before.every((value, t) => Math.abs(value + size * (power[t] ?? 0)) <= EDGE * after.at(t));
  const alike = groups.filter((other) => other === group || fits(other));
  return { kind: 'dead', count: size, lamps: alike.flatMap(({ lamps }) => lamps).toSorted((a, b) => a - b) };
}
