/** What a fork file proves to whoever trusts a policy (specs/forks.md): which of its keys stand under two histories of the city's log. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { originOf } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { type KeyedFork, parseForkFile } from '@oppidum/formats/fork-proof';
import type { Policy } from '@oppidum/formats/policy';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import { type Findings, Refuted, type Report, refuteIf, runVerification } from './report.ts';
import type { Trust } from './verify-checkpoint.ts';
import { checkFork } from './verify-fork.ts';

/** Whose key it is under one of the policies. */
type Holder = { readonly name: string; readonly use: 'log key' | 'cosigner' };

/**
 * Verifies a fork file. FORK_PROVEN where every fork in it is true and a key of the policy, or of a former one, made at least one;
 * FORK_UNPROVEN where one of them is not true; NOT_OURS where all are true of keys that no policy at hand names; UNREADABLE.
 * Never throws on bad input.
 */
export function verifyForkFile(crypto: Crypto, file: Bytes, trust: Trust): Report {
  return runVerification((findings) => {
    findings.begin('format');
    const forks = parseForkFile(crypto, file);
    findings.pass(`${forks.length} fork${forks.length === 1 ? '' : 's'}, ${file.length} bytes`);

    findings.begin('fork');
    const policies = [trust.policy, ...(trust.former ?? [])];
    const signers = forks.map((fork) => openFork(crypto, policies, fork, findings)).filter((signer) => signer !== null);
    if (signers.length === 0) throw new Refuted('NOT_OURS', 'your policy names none of these keys: whose they are is not known');
    findings.outcome = 'FORK_PROVEN';
    Object.assign(findings.facts, { fact: 'fork', about: originOf(trust.policy), signers });
  });
}

/** Whose key made the fork; null where no policy names the key. Refutes FORK_UNPROVEN. */
function openFork(crypto: Crypto, policies: readonly Policy[], fork: KeyedFork, findings: Findings): string | null {
  const { key } = fork;
  const holder = policies.map((policy) => holderOf(policy, key)).find((found) => found !== null) ?? null;
  const origin = holder === null ? undefined : policies[0]?.logs[0]?.key.name;
  refuteIf(checkFork(crypto, key, fork, origin), 'FORK_UNPROVEN');
  const [earlier, later] = [fork.earlier, fork.later].map((note) => parseCheckpointNote(note).checkpoint.size);
  const whose = `${holder?.use ?? 'key'} ${holder?.name ?? key.name} (${toHex(key.publicKey)})`;
  const heads =
    earlier === later ? `two roots of size ${later}` : `a head of size ${later} that does not continue that of ${earlier}`;
  if (holder === null) {
    findings.note(`${whose}, which your policy does not name, signed ${heads}`);
    return null;
  }
  findings.pass(`${whose} signed ${heads}`);
  return `${whose}: ${heads}`;
}

function holderOf(policy: Policy, key: VerifierKey): Holder | null {
  const isIt = (other: VerifierKey): boolean =>
    other.algorithm === key.algorithm && other.name === key.name && equalBytes(other.publicKey, key.publicKey);
  if (policy.logs.some((log) => isIt(log.key))) return { name: key.name, use: 'log key' };
  const witness = policy.witnesses.find((candidate) => isIt(candidate.key));
  return witness === undefined ? null : { name: witness.name, use: 'cosigner' };
}
