/** What somebody says of the city's log: a head, who signed it, and whether that is to be believed under the policies at hand. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { originOf } from '@oppidum/formats/city-policy';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy, type PolicyReport, refusalOf } from '@oppidum/formats/policy';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import type { SeenHead, Trust } from '@oppidum/proofs/verify-checkpoint';

/**
 * `believed` under the newest policy; `former`: only under one that was succeeded; `remembered`: kept without signatures, so it proves
 * nothing to others; else why it is not believed.
 */
export type Standing = 'believed' | 'former' | 'remembered' | Rejection;

export type Statement = SeenHead & {
  readonly source: string;
  /** As signed; null for what is only remembered. */
  readonly note: Bytes | null;
  readonly standing: Standing;
  /** The keys of any policy at hand whose signatures on it verify. */
  readonly signers: readonly VerifierKey[];
};

/** Statements of one head. */
export type Group = SeenHead & { readonly statements: readonly Statement[] };

/** Judges a signed head. Throws what `parseCheckpointNote` throws. */
export function judgeNote(trust: Trust, source: string, note: Bytes): Statement {
  const { checkpoint } = parseCheckpointNote(note);
  const { size, root } = checkpoint;
  const policies = [trust.policy, ...(trust.former ?? [])];
  const reports = policies.map((policy) => evaluatePolicy(nativeCrypto, policy, note));
  return { source, size, root, note, standing: standingOf(reports, trust.policy), signers: signersOf(reports) };
}

/** A head that somebody wrote down without its signatures. */
export function rememberedHead(source: string, { size, root }: SeenHead): Statement {
  return { source, size, root, note: null, standing: 'remembered', signers: [] };
}

/** Statements by head, the largest first. */
export function groupByHead(statements: readonly Statement[]): readonly Group[] {
  const groups = Map.groupBy(statements, ({ size, root }) => `${size} ${toHex(root)}`);
  return [...groups.values()]
    .map((members) => {
      const [{ size, root }] = members as [Statement];
      return { size, root, statements: members };
    })
    .sort((a, b) => b.size - a.size);
}

/** True when somebody who trusts the policies at hand believes the head. */
export function isBelieved({ statements }: Pick<Group, 'statements'>): boolean {
  return statements.some(({ standing }) => standing === 'believed' || standing === 'former');
}

function standingOf(reports: readonly PolicyReport[], newest: Policy): Standing {
  const [first, ...former] = reports as [PolicyReport, ...PolicyReport[]];
  const refusal = refusalOf(first);
  if (refusal === null) return 'believed';
  if (refusal.code === 'LOG_UNKNOWN') return reject('LOG_UNKNOWN', { origin: first.checkpoint.origin, want: originOf(newest) });
  return former.some((report) => refusalOf(report) === null) ? 'former' : refusal;
}

function signersOf(reports: readonly PolicyReport[]): readonly VerifierKey[] {
  const keys = reports.flatMap(({ logSignatures, cosignatures }) => [
    ...logSignatures.map(({ log }) => log.key),
    ...cosignatures.map(({ witness }) => witness.key),
  ]);
  return [...new Map(keys.map((key) => [`${key.algorithm} ${toHex(key.publicKey)} ${key.name}`, key])).values()];
}
