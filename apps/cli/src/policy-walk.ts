/**
 * From the policy one trusts to the newest, by the city's own evidence: each change is proven under the policy before it
 * (specs/evidence.md §6). The city only hands out the files; what does not prove itself ends the walk.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { FormatError } from '@oppidum/formats/errors';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { parseState } from '@oppidum/formats/state-layout';
import type { Verdict } from '@oppidum/formats/verdicts';
import type { SuccessorJson } from '@oppidum/gateway/api-types';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import type { CityCalls } from './api.ts';
import { CliFailure, EXIT } from './failure.ts';

/** A city changes its policy a few times a year: more than this is no city. */
const SUCCESSOR_COUNT_MAX = 10_000;

/** One policy that followed, the block that put it into force, and what proves it under the policy before. */
export type PolicyChange = {
  readonly height: number;
  readonly policy: Policy;
  readonly file: Bytes;
  readonly sha256: string;
  readonly evidence: Bytes;
};

/**
 * Follows the changes that the city has evidence of, the oldest first, from `trusted` on. Empty when nothing followed it.
 * Throws EVIDENCE_REFUSED (exit code 3) where evidence that should lead on does not hold, and as `CityCalls` does.
 */
export async function walkPolicies(city: CityCalls, trusted: Policy): Promise<readonly PolicyChange[]> {
  let trust: Trust = { policy: trusted };
  const changes: PolicyChange[] = [];
  for (const { height: named } of await listChanges(city)) {
    const evidence = await city.bytes(`/api/v1/policies/${named}`, 'application/cbor');
    if (!leadsOnFrom(trust.policy, evidence)) continue;
    const { report, successor, trust: next } = verifySuccessorPolicy(nativeCrypto, evidence, trust);
    if (report.verdict !== 'OK')
      throw new CliFailure(
        `The city gave evidence of a change of policy in block ${named} that does not hold: ${report.verdict}: ${report.means} (${report.steps.at(-1)?.detail ?? ''})`,
        { exitCode: EXIT.unverified, code: 'EVIDENCE_REFUSED', action: 'Do not trust this address; nothing was changed' },
      );
    if (successor === null || next === null) continue;
    const { policy, file } = successor;
    // The block's own: whoever remembers the change names a file by it.
    const height = provenHeight(evidence);
    changes.push({ height, policy, file, sha256: toHex(nativeCrypto.sha256(file)), evidence });
    trust = next;
  }
  return changes;
}

/** Verdicts on what nobody cosigned whom the policy knows: of what is forged in other ways there is another one. */
const UNSIGNED: ReadonlySet<Verdict> = new Set<Verdict>(['QUORUM_MISSING', 'WITNESS_MISSING', 'SIGNATURE_INVALID']);

/**
 * Nothing verifies under a policy before there is a head that its validators could cosign (by the first rules: before something happened):
 * until then the city's newest checkpoint is the one that put it into force, by those before them. Whoever holds no policy before it cannot verify that either; but a city whose own
 * evidence says so is no forger. The failure to tell then, or null.
 */
export async function awaitsFirst(
  city: CityCalls,
  policy: Policy,
  { verdict, note }: { readonly verdict: Verdict; readonly note: Bytes },
): Promise<CliFailure | null> {
  if (!UNSIGNED.has(verdict)) return null;
  const last = await lastChange(city);
  if (last === null || !isLastWordBefore(policy, last.evidence, note)) return null;
  return new CliFailure(
    `By what the city says nothing happened since block ${last.height} put your policy into force, so its validators have cosigned nothing yet`,
    {
      exitCode: EXIT.unavailable,
      code: 'EVIDENCE_REFUSED',
      action:
        'Try again in a moment, or, by version 1 of the rules, after the next transaction; until then the policy before it is the one that verifies',
    },
  );
}

/** What the city has of its newest change; null where it has none or does not answer, which excuses nothing. */
async function lastChange(city: CityCalls): Promise<{ readonly height: number; readonly evidence: Bytes } | null> {
  try {
    const last = (await listChanges(city)).at(-1);
    if (last === undefined) return null;
    return { height: last.height, evidence: await city.bytes(`/api/v1/policies/${last.height}`, 'application/cbor') };
  } catch (error) {
    if (!(error instanceof CliFailure || error instanceof FormatError)) throw error;
    return null;
  }
}

/** Does this evidence, which nobody verified, say under the head of this note that the policy is in force? */
function isLastWordBefore(policy: Policy, file: Bytes, note: Bytes): boolean {
  try {
    const evidence = parseEvidenceFile(file);
    const [value] = evidence.fact === 'state' ? evidence.state.values : [];
    if (value === undefined || !isSameHead(note, evidence.checkpoint)) return false;
    return equalBytes(parseState(policyEffectiveKind, value).policy, encodePolicy(nativeCrypto, policy));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
}

/** True of two notes about one head of one log. */
export function isSameHead(one: Bytes, other: Bytes): boolean {
  const [a, b] = [parseCheckpointNote(one).checkpoint, parseCheckpointNote(other).checkpoint];
  return a.origin === b.origin && a.size === b.size && equalBytes(a.root, b.root);
}

async function listChanges(city: CityCalls): Promise<readonly SuccessorJson[]> {
  const items: SuccessorJson[] = [];
  let cursor: string | undefined;
  do {
    const page = await city.get<{ readonly items: readonly SuccessorJson[]; readonly next: string | null }>('/api/v1/policies', {
      limit: 1_000,
      cursor,
    });
    items.push(...page.items);
    // An empty page leads nowhere: a list of them would have no end.
    cursor = page.items.length === 0 ? undefined : (page.next ?? undefined);
    if (items.length > SUCCESSOR_COUNT_MAX)
      throw new CliFailure(`The city names more than ${SUCCESSOR_COUNT_MAX} changes of its policy`, {
        exitCode: EXIT.unverified,
        code: 'EVIDENCE_REFUSED',
        action: 'Do not trust this address',
      });
  } while (cursor !== undefined);
  return items;
}

/** Of the block that the evidence, which was verified, is of; a city may name the change as it likes. */
function provenHeight(evidence: Bytes): number {
  const parsed = parseEvidenceFile(evidence);
  if (parsed.fact !== 'state') throw new Error('a change of policy is proven by the state');
  return parsed.state.height;
}

/**
 * False for evidence that says of itself to be of the term of another policy: of changes before the trusted one. Left out wrongly, it
 * leaves the walk at a policy that does not believe the newest checkpoint. What cannot be read is for the verifier to refuse.
 */
function leadsOnFrom(policy: Policy, evidence: Bytes): boolean {
  try {
    const parsed = parseEvidenceFile(evidence);
    const digest = nativeCrypto.sha256(encodePolicy(nativeCrypto, policy));
    return parsed.fact !== 'state' || equalBytes(parsed.state.validatorSetDigest, digest);
  } catch {
    return true;
  }
}
