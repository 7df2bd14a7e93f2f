/** Keys in two places: what a shard knows of them, and how it is reported to the ledger. */

import type { Action } from '@oppidum/formats/transaction';
import { openEnvelope } from './kept-readings.ts';
import type { SequencePlace } from './stored-group.ts';
import type { SubjectKeys } from './subject-keys.ts';
import type { CloneRecord, Vault } from './vault.ts';

/** One device key that signed two payloads under one sequence number. */
export type CloneFinding = SequencePlace & {
  /** `device/report-clone` with both readings, or null where they are about people: those never enter the ledger. */
  readonly report: Action | null;
};

/** All clones that the vault holds. */
export function findClones(vault: Pick<Vault, 'clones' | 'entry'>, keys: SubjectKeys): CloneFinding[] {
  return [...vault.clones()].map((clone) => {
    const { device, keyNumber, sequence } = clone;
    return { device, keyNumber, sequence, report: cloneEvidence(vault, keys, clone) };
  });
}

/** The action that proves a clone by both envelopes, each signed by the key in two places. */
function cloneEvidence(vault: Pick<Vault, 'entry'>, keys: SubjectKeys, clone: CloneRecord): Action | null {
  const entry = vault.entry(clone.firstIndex);
  if (entry === null || entry.form !== 'plain' || clone.form !== 'plain') return null;
  const [first, second] = [openEnvelope(keys, entry), openEnvelope(keys, clone)];
  if (first === null || second === null) return null;
  return {
    kind: 'device/report-clone',
    body: new Map([
      ['first', first],
      ['second', second],
    ]),
  };
}
