/**
 * Other rules from a height on. A program knows the versions it can execute, each after the first with the pure function that turns the
 * state of the version before into its own. The ledger says which version is in force and when the next begins, so that every node
 * changes at the same block, and one whose program is too old stops before it.
 */

import { type Rejection, reject } from '@oppidum/formats/errors';
import type { StateRef } from '@oppidum/formats/state-layout';
import { at } from '@oppidum/formats/state-layout';
import { FIRST_VERSION, rulesVersionKind, upgradePlanKind } from '@oppidum/formats/state-upgrades';
import type { City } from './city.ts';

/** By the version that a migration leads to, from the one before. Pure: block and state alone. */
export type Migrations = ReadonlyMap<number, (city: City) => void>;

type Reader = { read<V>(ref: StateRef<V>): V | null };

function newestVersion(migrations: Migrations): number {
  return Math.max(FIRST_VERSION, ...migrations.keys());
}

/** The version in force. */
export function rulesVersion(state: Reader): number {
  return state.read(at(rulesVersionKind))?.version ?? FIRST_VERSION;
}

/** The version by which the block of this height executes, the next one after this state. */
export function versionAt(state: Reader, height: number): number {
  const plan = state.read(at(upgradePlanKind));
  return plan?.height === height ? plan.version : rulesVersion(state);
}

/**
 * Refuses a block that this program cannot execute, by the version in force or by the one that begins with it: UPGRADE_NEEDED, with the
 * newest version that it knows. One that knows a later version and not this one, as when its migration was left out, is no better.
 */
export function checkVersion(migrations: Migrations, state: Reader, height: number): Rejection | null {
  const version = versionAt(state, height);
  if (version === FIRST_VERSION || migrations.has(version)) return null;
  return reject('UPGRADE_NEEDED', { height, version, have: newestVersion(migrations) });
}

/** Refuses a city that begins with a version to which this program does not know the whole way from the first: UPGRADE_NEEDED. */
export function checkFirstVersion(migrations: Migrations, first: number): Rejection | null {
  for (let version = FIRST_VERSION + 1; version <= first; version++)
    if (!migrations.has(version)) return reject('UPGRADE_NEEDED', { height: 0, version, have: newestVersion(migrations) });
  return null;
}

/** In the block of genesis, whose state is one of the first version: brings it to the version that the city begins with. Call after `checkFirstVersion`. */
export function beginWithVersion(migrations: Migrations, city: City, first: number): void {
  for (let version = FIRST_VERSION + 1; version <= first; version++) migrateTo(migrations, city, version);
}

/** At the beginning of its first block: migrates the state to the version that is decided. Call after `checkVersion`. */
export function upgradeState(migrations: Migrations, city: City): void {
  const plan = city.read(at(upgradePlanKind));
  if (plan === null || plan.height !== city.height) return;
  migrateTo(migrations, city, plan.version);
  city.remove(at(upgradePlanKind));
}

function migrateTo(migrations: Migrations, city: City, version: number): void {
  const migrate = migrations.get(version);
  if (migrate === undefined) throw new Error(`no migration leads to version ${version}`);
  migrate(city);
  city.write(at(rulesVersionKind), { version, from: city.height });
}
