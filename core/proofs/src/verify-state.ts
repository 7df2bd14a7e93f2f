/** Evidence about records: presence, absence, or that a list is complete, at one height. */

import { equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { claimDigest, type StateClaim, type StateEvidence } from '@oppidum/formats/evidence';
import type { Json } from '@oppidum/formats/schema';
import { type AnyKind, type KeyRange, numberRange, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { kindNamed } from '@oppidum/formats/state-registry';
import { openState } from './hops.ts';
import { type Findings, Refuted } from './report.ts';
import type { CityHead } from './verify-checkpoint.ts';

/** The range of keys that a claim is about, built from its typed terms. Throws FormatError. */
export function claimRange(claim: StateClaim): { readonly kind: AnyKind; readonly range: KeyRange } {
  const kind = kindNamed(claim.kind);
  if (claim.from === undefined && claim.to === undefined) return { kind, range: prefixRange(kind, claim.segments) };
  return { kind, range: numberRange(kind, claim.segments, claim.from ?? 0, claim.to ?? Number.MAX_SAFE_INTEGER) };
}

/** Verifies a claim about records and reports them. */
export function verifyState(crypto: Crypto, evidence: StateEvidence, head: CityHead, findings: Findings): void {
  findings.begin('claim');
  if (!equalBytes(claimDigest(crypto, evidence.claim), evidence.claimDigest))
    throw new Refuted('HASH_MISMATCH', 'the claim was altered');
  const { kind, range } = claimRange(evidence.claim);
  const terms = describeTerms(evidence.claim);
  findings.pass(`about records of ${kind.name}, ${terms === '' ? 'all of them' : terms}`);

  findings.begin('state proof');
  const leaves = openState(crypto, head, evidence.state, [range]);
  const isOne = evidence.claim.segments.length === kind.segments.length;
  const found = !isOne ? 'complete' : leaves.length === 1 ? 'present' : 'absent';
  const answer = isOne ? `${kind.name} is ${found}` : `complete: all records of ${kind.name}: ${leaves.length}`;
  findings.pass(`${answer}, at block ${evidence.state.height}`);

  findings.begin('records');
  const records = leaves.map((leaf, i) => describeRecord(kind, leaf.key, evidence.state.values[i] as Uint8Array));
  findings.pass(`${records.length} readable`);
  Object.assign(findings.facts, {
    fact: 'state',
    kind: kind.name,
    about: terms,
    height: evidence.state.height,
    timeMs: evidence.state.timeMs,
    answer,
    found,
    records,
  });
}

/** Whom or what the claim is about: the same answer about another device is another fact. Empty for all records of a kind. */
function describeTerms({ segments, from, to }: StateClaim): string {
  const shown = segments.map((segment) => (typeof segment === 'number' ? String(segment) : toHex(segment)));
  if (from !== undefined || to !== undefined) shown.push(`from ${from ?? 0} to ${to ?? 'the last'}`);
  return shown.join(' ');
}

function describeRecord(kind: AnyKind, key: Uint8Array, value: Uint8Array): Json {
  try {
    const segments = parseKey(kind, key) as readonly (Uint8Array | number)[];
    const shown = segments.map((segment) => (typeof segment === 'number' ? segment : toHex(segment)));
    return { key: shown, value: kind.value.toJson(parseState(kind, value)) };
  } catch (error) {
    if (error instanceof FormatError)
      throw new Refuted('UNREADABLE', `a record of ${kind.name} has a shape this verifier does not know`);
    throw error;
  }
}
