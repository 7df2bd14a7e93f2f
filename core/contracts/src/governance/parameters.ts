/** The parameters of a city: numbers that the council may change, each with what it means, its range and its default. */

import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { parameterKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { QUORUM_MAX, SCORE_MAX } from '@oppidum/formats/state-trust';
import type { City } from '@oppidum/ledger/city';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** All parameters there are; a name is never reused for another meaning. */
export const PARAMETERS = {
  /** How far ahead of block time a proposal may expire. */
  'governance/proposal-lifetime-max-ms': { min: HOUR_MS, max: 366 * DAY_MS, initial: 30 * DAY_MS },
  /** How far the signed time of an interlock sensor may run ahead of block time. */
  'telemetry/anchor-sensor-clock-ahead-ms': { min: 0, max: 60_000, initial: 5_000 },
  /** How many auditors have to mark a device for one evidence before it counts: of fewer than three one could decide how much. */
  'trust/mark-quorum': { min: 1, max: QUORUM_MAX, initial: 3 },
  /** After how long half of a counted mark is forgiven. */
  'trust/half-life-ms': { min: HOUR_MS, max: 366 * DAY_MS, initial: 30 * DAY_MS },
  /** Below this score readings of a device count in no interlock; 0: they always do. */
  'trust/score-threshold': { min: 0, max: SCORE_MAX, initial: 500 },
} as const satisfies Readonly<Record<string, { readonly min: number; readonly max: number; readonly initial: number }>>;

export type ParameterName = keyof typeof PARAMETERS;

/** True for the names of the table. */
export function isParameterName(name: string): name is ParameterName {
  return Object.hasOwn(PARAMETERS, name);
}

/** The state key segment of a parameter: SHA-256 of its name. */
export function parameterId(city: Pick<City, 'crypto'>, name: ParameterName): Bytes {
  return city.crypto.sha256(encodeUtf8(name));
}

/** The value in force: what the council set, else the default. */
export function parameterValue(city: Pick<City, 'crypto' | 'read'>, name: ParameterName): number {
  return city.read(at(parameterKind, parameterId(city, name)))?.value ?? PARAMETERS[name].initial;
}
