/** Every kind of record a verifier can open, by its place in the map. */

import type { Bytes } from './bytes.ts';
import { formatError } from './errors.ts';
import { alarmKinds } from './state-alarms.ts';
import { deviceKinds } from './state-devices.ts';
import { erasureKinds } from './state-erasure.ts';
import { governanceKinds } from './state-governance.ts';
import type { AnyKind } from './state-layout.ts';
import { orderKinds } from './state-orders.ts';
import { telemetryKinds } from './state-telemetry.ts';
import { trustKinds } from './state-trust.ts';
import { upgradeKinds } from './state-upgrades.ts';
import { validatorKinds } from './state-validators.ts';

/** Names of the areas, for sub-roots and messages. */
export const AREAS: Readonly<Record<number, string>> = {
  1: 'governance',
  2: 'devices',
  3: 'telemetry',
  4: 'erasure',
  5: 'orders',
  6: 'alarms',
};

/** All kinds, ascending by area and kind. */
export const stateKinds = [
  ...governanceKinds,
  ...validatorKinds,
  ...upgradeKinds,
  ...deviceKinds,
  ...trustKinds,
  ...telemetryKinds,
  ...erasureKinds,
  ...orderKinds,
  ...alarmKinds,
] as unknown as readonly AnyKind[];

const byPlace = new Map(stateKinds.map((kind) => [kind.area * 256 + kind.kind, kind]));
const byName = new Map(stateKinds.map((kind) => [kind.name, kind]));

/** The kind a key belongs to, or null. */
export function kindOfKey(key: Bytes): AnyKind | null {
  return byPlace.get((key[0] ?? 0) * 256 + (key[1] ?? 0)) ?? null;
}

/** The size every key with this area and kind has, or null when the kind is unknown. */
export function keySizeOf(area: number, kind: number): number | null {
  return byPlace.get(area * 256 + kind)?.keySize ?? null;
}

/** The kind of this name. Throws TEXT_INVALID. */
export function kindNamed(name: string): AnyKind {
  const kind = byName.get(name);
  if (kind === undefined) throw formatError('TEXT_INVALID', { want: 'a kind of record' });
  return kind;
}
