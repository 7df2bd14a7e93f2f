/**
 * Where a town's streets run and its things stand. The plan of a town that is nowhere is made from a seed and always the same for it: a
 * bent grid, a river with one bridge, at 0° N 0° E in the open sea, so that nobody takes it for a real place.
 */

import type { Place } from './geometry.ts';
import { uniform } from './noise.ts';

/** A street from junction to junction. `isBridge`: it crosses water. `isDriven`: by more than people on foot. */
export type Street = {
  readonly name: string;
  readonly line: readonly Place[];
  readonly isBridge: boolean;
  readonly isDriven: boolean;
};

/** A crossing with signals; `heads`: where they are known to stand. */
export type Junction = { readonly place: Place; readonly heads: readonly Place[] };

export type Plan = {
  /** Whose the map is, as its licence asks to say; null for a town that is nowhere. */
  readonly attribution: string | null;
  readonly streets: readonly Street[];
  readonly junctions: readonly Junction[];
  /** Where lamps are known to stand; others stand anywhere along the streets. */
  readonly lamps: readonly Place[];
  /** Where people cross; roadside posts stand there. */
  readonly crossings: readonly Place[];
  /** The bridge that is watched. */
  readonly bridge: readonly Place[] | null;
  /** For trucks: ends where it begins. */
  readonly round: readonly Place[];
  /** For trams, from end to end. */
  readonly tramLine: readonly Place[];
};

const COLUMNS = 6;
const ROWS = 5;
/** About 220 m; a degree is 111 km here. */
const BLOCK_DEGREES = 0.002;
/** Share of a block by which junctions are moved. */
const BEND = 0.18;
/** The river runs below this row, and is crossed in this column alone. */
const RIVER_BELOW_ROW = 3;
const BRIDGE_COLUMN = 3;
/** Columns and rows where each turns: round the southern bank, over the bridge, round the northern bank and back. */
const ROUND: readonly (readonly [column: number, row: number])[] = [
  ...([
    [0, 0],
    [5, 0],
    [5, 2],
    [3, 2],
    [3, 3],
    [5, 3],
  ] as const),
  ...([
    [5, 4],
    [1, 4],
    [1, 3],
    [3, 3],
    [3, 2],
    [0, 2],
    [0, 0],
  ] as const),
];
const TRAM_LINE: readonly (readonly [column: number, row: number])[] = [
  [0, 1],
  [3, 1],
  [3, 3],
  [5, 3],
];

/** The plan of this seed. */
export function makePlan(seed: number): Plan {
  const at = (column: number, row: number): Place => {
    const bend = (axis: number): number => BEND * (uniform(seed, column, row, axis) - 0.5);
    return { lat: (row + bend(1)) * BLOCK_DEGREES, lon: (column + bend(2)) * BLOCK_DEGREES };
  };
  const streets: Street[] = [];
  const add = (name: string, line: readonly Place[], isBridge: boolean): void => {
    streets.push({ name, line, isBridge, isDriven: true });
  };
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++) {
      if (column + 1 < COLUMNS) add(`${row + 1} Street`, [at(column, row), at(column + 1, row)], false);
      const isWet = row + 1 === RIVER_BELOW_ROW;
      if (row + 1 < ROWS && (!isWet || column === BRIDGE_COLUMN))
        add(`${'ABCDEF'[column]} Avenue`, [at(column, row), at(column, row + 1)], isWet);
    }
  const numbers = Array.from({ length: COLUMNS * ROWS }, (_, i) => i).sort((a, b) => uniform(seed, a, 3) - uniform(seed, b, 3));
  return {
    attribution: null,
    streets,
    junctions: numbers.map((i) => ({ place: at(i % COLUMNS, Math.floor(i / COLUMNS)), heads: [] })),
    lamps: [],
    crossings: [],
    bridge: [at(BRIDGE_COLUMN, RIVER_BELOW_ROW - 1), at(BRIDGE_COLUMN, RIVER_BELOW_ROW)],
    round: walk(ROUND, at),
    tramLine: walk(TRAM_LINE, at),
  };
}

/** Every junction from corner to corner. */
function walk(
  corners: readonly (readonly [column: number, row: number])[],
  at: (column: number, row: number) => Place,
): readonly Place[] {
  return corners.flatMap(([column, row], i) => {
    const [lastColumn, lastRow] = corners[Math.max(0, i - 1)] as readonly [number, number];
    const steps = Math.max(1, Math.abs(column - lastColumn) + Math.abs(row - lastRow));
    const [across, up] = [Math.sign(column - lastColumn), Math.sign(row - lastRow)];
    if (i === 0) return [at(column, row)];
    return Array.from({ length: steps }, (_, step) => at(lastColumn + across * (step + 1), lastRow + up * (step + 1)));
  });
}

/** The streets as GeoJSON (RFC 7946): what a map shows below the devices. */
export function planToGeoJson({ streets }: Plan): object {
  const features = streets.map(({ name, line, isBridge }) => ({
    type: 'Feature',
    properties: { kind: isBridge ? 'bridge' : 'street', name },
    geometry: { type: 'LineString', coordinates: line.map(({ lat, lon }) => [lon, lat]) },
  }));
  return { type: 'FeatureCollection', features };
}
