/** The first block that a new set cosigns (specs/ledger.md §8). */

import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, type StateRef } from '@oppidum/formats/state-layout';
import { versionAt } from './upgrade.ts';

/** Before this version of the rules a new set had nothing to cosign until somebody's transaction. */
const SINCE_VERSION = 2;

/**
 * Whether the block of this height, the next one after this state, is the first under another policy, so that it is made and has a leaf
 * even if nothing happens in it: without one there is no head that the new set could vouch for. Genesis is cosigned by the set it names.
 */
export function isFirstOfSet(state: { read<V>(ref: StateRef<V>): V | null }, height: number): boolean {
  if (height < 2 || versionAt(state, height) < SINCE_VERSION) return false;
  return state.read(at(policyEffectiveKind))?.from === height - 1;
}
