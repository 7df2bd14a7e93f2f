/** Writing evidence: checked first, then as CBOR or JSON, and its log hops as standard proof files. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { formatError } from '@oppidum/formats/errors';
import { type Evidence, encodeEvidenceJson, parseEvidenceFile } from '@oppidum/formats/evidence';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { evidenceHops } from '@oppidum/proofs/evidence-hops';
import type { Report } from '@oppidum/proofs/report';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { CityCalls } from './api.ts';
import { type Cli, policyAtHand, readInput } from './cli.ts';
import { CliFailure, EXIT, usageFailure } from './failure.ts';
import { awaitsFirst } from './policy-walk.ts';

export type EvidenceOptions = {
  readonly out?: string;
  readonly format?: string;
  readonly tlogProof?: string;
  readonly policy?: string;
};

export type EvidenceCheck = {
  /** Whether it is about what was asked. */
  readonly isAnswer?: (evidence: Evidence) => boolean;
  /** Instead of the policy at hand. */
  readonly policy?: Policy;
};

/**
 * Checks evidence (CBOR) under the policy at hand and writes it where the options say.
 * Throws EVIDENCE_REFUSED where it is not about what was asked, or does not hold.
 */
export async function writeEvidence(
  cli: Cli,
  file: Uint8Array,
  options: EvidenceOptions,
  { isAnswer = () => true, policy }: EvidenceCheck = {},
): Promise<void> {
  const evidence = parseEvidenceFile(file);
  if (!isAnswer(evidence)) throw formatError('EVIDENCE_REFUSED', { want: 'evidence of what was asked' });
  const form = options.format ?? (cli.json || options.out?.endsWith('.json') === true ? 'json' : 'cbor');
  const bytes = form === 'json' ? encodeUtf8(encodeEvidenceJson(evidence)) : file;
  if (options.out === undefined && form === 'cbor' && process.stdout.isTTY === true)
    throw usageFailure('CBOR is no text for a terminal', 'Name a file with --out FILE, or choose --format json');
  const known = policy ?? (await findPolicy(cli, options));
  const verdict = await checkFirst(cli, file, known);
  if (options.tlogProof !== undefined) await writeHops(cli, evidence, options.tlogProof, known);
  if (options.out === undefined) process.stdout.write(bytes);
  else {
    writeFileSync(options.out, bytes);
    if (cli.json) cli.output.json({ file: options.out, form, size: bytes.length, verdict });
    cli.output.note(`Wrote ${options.out}, ${bytes.length} bytes.`);
  }
}

/** Records that are asked for: a kind, leading segments as hex or decimals, bounds of the last one. */
export type AskedRecords = {
  readonly kind: string;
  readonly segments: readonly string[];
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/**
 * Evidence of exactly these records, not verified yet. Throws EVIDENCE_REFUSED where the city answers about others: true evidence that
 * nothing stands somewhere else would read like an answer.
 */
export async function fetchRecords(cli: Pick<Cli, 'api'>, { kind, segments, from, to }: AskedRecords): Promise<Uint8Array> {
  const query = { kind, segments: segments.join(','), from, to };
  const file = await new CityCalls(cli.api).bytes('/api/v1/evidence/state', 'application/cbor', query);
  const evidence = parseEvidenceFile(file);
  const claim = evidence.fact === 'state' ? evidence.claim : null;
  const claimed = claim?.segments.map((segment) => (typeof segment === 'number' ? String(segment) : toHex(segment)));
  const isAnswer = claim?.kind === kind && claim.from === from && claim.to === to && claimed?.join(',') === query.segments;
  if (!isAnswer) throw formatError('EVIDENCE_REFUSED', { want: 'evidence of what was asked' });
  return file;
}

/**
 * Evidence that does not prove what it says is not written: the city or whoever stands between is wrong. The verdict, or null where
 * no policy is at hand to judge by.
 */
async function checkFirst(cli: Cli, file: Uint8Array, policy: Policy | null): Promise<string | null> {
  if (policy === null) {
    cli.output.note('No policy file is at hand, so this was not checked. Verify it before you rely on it.');
    return null;
  }
  const report = verifyEvidence(nativeCrypto, file, { policy });
  if (report.color === 'red') {
    const { verdict } = report;
    const { checkpoint: note } = parseEvidenceFile(file);
    throw (await awaitsFirst(new CityCalls(cli.api), policy, { verdict, note })) ?? refuted(report);
  }
  cli.output.note(`${report.verdict}: ${report.means}.`);
  return report.verdict;
}

function refuted({ verdict, means, steps }: Report): CliFailure {
  return new CliFailure(`The city gave evidence that does not hold: ${verdict}: ${means} (${steps.at(-1)?.detail ?? ''})`, {
    exitCode: EXIT.unverified,
    code: 'EVIDENCE_REFUSED',
    action: 'Check that the policy file is of this city; otherwise do not trust this address',
  });
}

/** The policy named, else the one here or of the data folder; null when there is none. Throws as `parseCityPolicy` does. */
export async function findPolicy(cli: Cli, options: Pick<EvidenceOptions, 'policy'>): Promise<Policy | null> {
  const path = options.policy ?? policyAtHand(cli);
  return path === undefined ? null : parseCityPolicy(nativeCrypto, await readInput(path));
}

/**
 * `N.tlog-proof`, `N.entry` and `N.policy` per hop, N from 1. The city's hops verify under the city's policy; a shard's log has its own
 * key, which the ledger names: its policy is made from the shard's record, proven under the city's policy.
 */
async function writeHops(cli: Cli, evidence: Evidence, folder: string, policy: Policy | null): Promise<void> {
  if (policy === null) throw usageFailure('Proof files need the policy of the city', 'Name it with --policy FILE');
  mkdirSync(folder, { recursive: true });
  const hops = evidenceHops(nativeCrypto, evidence);
  const shardPolicy = hops.some(({ name }) => name === 'shard') ? await fetchShardPolicy(cli, evidence, policy) : null;
  for (const [i, { name, proof, entry }] of hops.entries()) {
    const place = join(folder, String(i + 1));
    writeFileSync(`${place}.tlog-proof`, proof);
    writeFileSync(`${place}.entry`, entry);
    writeFileSync(`${place}.policy`, encodePolicy(nativeCrypto, name === 'shard' && shardPolicy !== null ? shardPolicy : policy));
    cli.output.note(`Wrote ${place}.tlog-proof with its .entry and .policy: ${name} in ${originOfProof(proof)}.`);
  }
}

function originOfProof(proof: Uint8Array): string {
  const text = parseUtf8(proof);
  return text.slice(text.indexOf('\n\n') + 2).split('\n', 1)[0] as string;
}

async function fetchShardPolicy(cli: Cli, evidence: Evidence, policy: Policy): Promise<Policy> {
  const shard = verifyEvidence(nativeCrypto, encodeAgain(evidence), { policy }).facts['shard'];
  if (typeof shard !== 'string') throw usageFailure('Only proven evidence has a shard to export');
  const file = await fetchRecords(cli, { kind: shardKind.name, segments: [shard] });
  const report = verifyEvidence(nativeCrypto, file, { policy });
  const records = report.facts['records'];
  const [record] = Array.isArray(records) ? records : [];
  if (report.verdict !== 'OK' || record === undefined) throw refuted(report);
  const value = shardKind.value.fromJson((record as { readonly value: never }).value, '');
  const key = { name: value.origin, algorithm: 'log', publicKey: value.logKey } as const;
  return { logs: [{ key, url: null }], witnesses: [], groups: [], quorum: null };
}

function encodeAgain(evidence: Evidence): Uint8Array {
  return encodeUtf8(encodeEvidenceJson(evidence));
}
