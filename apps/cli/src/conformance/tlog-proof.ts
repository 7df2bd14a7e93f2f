/**
 * `oppidum conformance tlog-proof DIR`: proof files with their entries and a policy (specs/notes-and-policy.md §8).
 *
 *   NAME.tlog-proof          must verify; NAME.fail.tlog-proof must not
 *   NAME.entry               the bytes of the log entry; a file NAME where the proof is named after its entry (C2SP tlog-proof)
 *   NAME.policy              the policy, or one file `policy`, `policy.*` or `*.policy` for a folder and those below it
 *
 * With `--policy FILE` that one stands for those of the folders.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { describeError, FormatError } from '@oppidum/formats/errors';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { parsePolicy } from '@oppidum/formats/policy';
import { parseTlogProof } from '@oppidum/formats/tlog-proof';
import type { Report } from '@oppidum/proofs/report';
import { verifyTlogProof } from '@oppidum/proofs/verify-tlog-proof';
import type { SuiteResult } from './suite.ts';

const PROOF = '.tlog-proof';

/** What came of one file: null for as wanted, or why not, or why it could not be judged. */
type Outcome = null | { readonly failure: string } | { readonly skip: string };

/** Verifies every proof below the folder; `policy` is the file for proofs without one of their own name. */
export async function runTlogProofSuite(dir: string, policy?: string): Promise<SuiteResult> {
  const failures: { file: string; name: string; reason: string }[] = [];
  const skips: { file: string; name: string; reason: string }[] = [];
  let passed = 0;
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => name.endsWith(PROOF))) {
    const outcome = judgeProof(dir, file.slice(0, -PROOF.length), policy);
    const name = basename(file, PROOF);
    if (outcome === null) passed++;
    else if ('failure' in outcome) failures.push({ file, name, reason: outcome.failure });
    else skips.push({ file, name, reason: outcome.skip });
  }
  return { passed, failed: failures.length, skipped: skips.length, failures, skips };
}

function judgeProof(dir: string, stem: string, given: string | undefined): Outcome {
  const mustFail = stem.endsWith('.fail');
  const proof = read(join(dir, `${stem}${PROOF}`));
  const entryPath = [stem, stem.replace(/\.fail$/, '')]
    .flatMap((name) => [join(dir, `${name}.entry`), join(dir, name)])
    .find((path) => existsSync(path) && statSync(path).isFile());
  const policies = policiesOf(dir, stem, given);
  if (entryPath === undefined || policies.length === 0) {
    const refusal = entryPath === undefined && !mustFail ? refusalOfProof(proof) : null;
    return refusal ?? { skip: entryPath === undefined ? 'no .entry file beside it' : 'no policy file beside or above it' };
  }
  const reports = policies.map((path) => verifyUnder(path, proof, read(entryPath)));
  const verified = reports.some((report) => typeof report !== 'string' && report.verdict === 'OK');
  if (verified !== mustFail) return null;
  const [first] = reports;
  return { failure: mustFail ? 'a false proof was accepted' : typeof first === 'string' ? first : reasonOf(first as Report) };
}

/** Without the entry a proof must still be well-formed. */
function refusalOfProof(proof: Bytes): Outcome {
  try {
    parseTlogProof(proof);
    return null;
  } catch (error) {
    return { failure: reasonOfFormat(error) };
  }
}

/** The policy of the proof's own name, else the given one, else those of its folder or of the nearest folder above, up to the suite's. */
function policiesOf(dir: string, stem: string, given: string | undefined): readonly string[] {
  for (const name of [stem, stem.replace(/\.fail$/, '')])
    if (existsSync(join(dir, `${name}.policy`))) return [join(dir, `${name}.policy`)];
  if (given !== undefined) return [given];
  for (let folder = dirname(stem); ; folder = dirname(folder)) {
    const found = policyFiles(join(dir, folder));
    if (found.length > 0 || folder === '.') return found;
  }
}

function policyFiles(folder: string): readonly string[] {
  const names = readdirSync(folder).sort();
  const ofFolder = (name: string) =>
    /^policy(\.[a-z]+)?$/.test(name) ||
    (name.endsWith('.policy') && !names.includes(`${name.slice(0, -'.policy'.length)}${PROOF}`));
  return names.filter(ofFolder).map((name) => join(folder, name));
}

/** A report, or why the policy could not be read. */
function verifyUnder(policyPath: string, proof: Bytes, entry: Bytes): Report | string {
  try {
    return verifyTlogProof(nobleCrypto, { policy: parsePolicy(nobleCrypto, read(policyPath)), proof, entry });
  } catch (error) {
    return `${basename(policyPath)}: ${reasonOfFormat(error)}`;
  }
}

function reasonOf(report: Report): string {
  return `${report.verdict}: ${report.steps.at(-1)?.detail ?? report.means}`;
}

function reasonOfFormat(error: unknown): string {
  if (!(error instanceof FormatError)) throw error;
  return describeError(error.code, error.details);
}

function read(path: string): Bytes {
  return new Uint8Array(readFileSync(path));
}
