/** What a block tells the engine about who votes. CometBFT lets it act two heights later. */

import { type Bytes, compareBytes, toHex } from '@oppidum/formats/bytes';
import type { Validator } from '@oppidum/formats/state-validators';

/** A consensus key (Ed25519, 32 bytes) and its votes from now on: one, or none. */
export type ValidatorUpdate = { readonly consensusKey: Bytes; readonly power: 0 | 1 };

/**
 * From one set to the next: each key that goes or comes once, ascending, and nothing about those that stay. An engine that is told of a
 * key twice, or to remove one that it has not, stops for good. Where the ledger knew no set, all are named: those that vote stay.
 */
export function validatorUpdates(
  before: readonly Pick<Validator, 'consensusKey'>[],
  after: readonly Pick<Validator, 'consensusKey'>[],
): readonly ValidatorUpdate[] {
  const [old, next] = [before, after].map(
    (set) => new Map(set.map(({ consensusKey }) => [toHex(consensusKey), consensusKey])),
  ) as [Map<string, Bytes>, Map<string, Bytes>];
  const gone = [...old].filter(([name]) => !next.has(name)).map(([, consensusKey]) => ({ consensusKey, power: 0 as const }));
  const come = [...next].filter(([name]) => !old.has(name)).map(([, consensusKey]) => ({ consensusKey, power: 1 as const }));
  return [...gone, ...come].sort((a, b) => compareBytes(a.consensusKey, b.consensusKey));
}
