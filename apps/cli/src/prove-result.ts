/** A result is what the ledger proves, not what a node says: its evidence, under the policy at hand. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import { formatError } from '@oppidum/formats/errors';
import { genesisHashOf } from '@oppidum/formats/ids';
import type { Policy } from '@oppidum/formats/policy';
import { parseTransaction, transactionId } from '@oppidum/formats/transaction';
import type { TransactionResultJson } from '@oppidum/gateway/api-types';
import type { Report } from '@oppidum/proofs/report';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { CityCalls } from './api.ts';
import { type Cli, policyAtHand, readFile } from './cli.ts';
import { CliFailure, EXIT } from './failure.ts';
import { walkPolicies } from './policy-walk.ts';

/** A result, and whether the policy at hand proves it; false where there is no such policy. */
export type ProvenResult = TransactionResultJson & { readonly proven: boolean };

/** Hands in a signed transaction. Throws CITY_ANSWER_INVALID for the result of another one. */
export async function handIn(cli: Pick<Cli, 'api'>, envelope: Bytes): Promise<TransactionResultJson> {
  const city = new CityCalls(cli.api);
  const result = await city.post<TransactionResultJson>('/api/v1/transactions', { type: 'application/cose', body: envelope });
  const want = toHex(transactionId(nativeCrypto, parseTransaction(nativeCrypto, envelope).payloadBytes));
  if (result.id !== want) throw formatError('CITY_ANSWER_INVALID', { want: `the result of ${want}` });
  return result;
}

/**
 * Hands in and has the result proven, refusals too. Waits for a checkpoint that covers it as long as the city takes, 30 s at most.
 * Throws EVIDENCE_REFUSED (exit code 3) where the evidence says something else or does not hold; exit code 5 where there is none.
 */
export async function handInProven(cli: Cli, envelope: Bytes): Promise<ProvenResult> {
  const result = await handIn(cli, envelope);
  const city = new CityCalls(cli.api);
  const policy = policyOfCity(cli, parseTransaction(nativeCrypto, envelope).payload.city);
  if (policy === null) return { ...result, proven: false };
  const file = await fetchEvidence(city, result);
  const report = await judge(city, policy, file);
  const { id, code, height } = report.facts;
  if (report.color !== 'green') throw refused(result, `${report.verdict}: ${report.steps.at(-1)?.detail ?? report.means}`);
  if (id !== result.id) throw refused(result, 'it is about something else');
  if (code !== result.code || height !== result.height)
    throw refused(result, `the ledger has it in block ${height} with the result ${code}`);
  return { ...result, proven: true };
}

/** The policy at hand where it is of the city that was signed for: this folder may have that of another one. */
function policyOfCity(cli: Cli, genesis: Bytes): Policy | null {
  const file = findPolicyFile(cli);
  if (file === null) {
    cli.output.note('No policy file is at hand, so the result was not proven.');
    return null;
  }
  const policy = parseCityPolicy(nativeCrypto, readFile(file));
  if (equalBytes(genesisHashOf(originOf(policy)), genesis)) return policy;
  cli.output.note(`${file} is the policy of another city, so the result was not proven.`);
  return null;
}

function findPolicyFile(cli: Cli): string | null {
  try {
    return policyAtHand(cli) ?? null;
  } catch (error) {
    // Two policies that differ: nobody said which of them to trust.
    if (error instanceof CliFailure) return null;
    throw error;
  }
}

async function fetchEvidence(city: CityCalls, { id, code, height }: TransactionResultJson): Promise<Bytes> {
  try {
    return await city.bytes(`/api/v1/evidence/${id}`, 'application/cbor');
  } catch (error) {
    const why = (error as { readonly code?: string | null }).code ?? (error as Error).message;
    throw new CliFailure(
      `The city says that transaction ${id} is in block ${height} with the result ${code}, and gives no proof of it (${why})`,
      {
        exitCode: EXIT.unavailable,
        action: 'Ask again for its evidence, also another node, before you rely on it',
      },
    );
  }
}

/** Under the policy at hand, or the one that it has led on to since. */
async function judge(city: CityCalls, policy: Policy, file: Bytes): Promise<Report> {
  const report = verifyEvidence(nativeCrypto, file, { policy });
  if (report.color === 'green') return report;
  let trust: Trust = { policy };
  for (const change of await walkPolicies(city, policy)) trust = { policy: change.policy, former: [trust.policy] };
  return trust.policy === policy ? report : verifyEvidence(nativeCrypto, file, trust);
}

function refused({ id, code }: TransactionResultJson, why: string): CliFailure {
  return new CliFailure(
    `The city says that transaction ${id} has the result ${code}, and its own evidence does not prove that (${why})`,
    {
      exitCode: EXIT.unverified,
      code: 'EVIDENCE_REFUSED',
      action: 'Do not trust this address; ask another node for the evidence',
    },
  );
}
