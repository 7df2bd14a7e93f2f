/**
 * `oppidum conformance merkle DIR`: the test data of transparency-dev/merkle in its own layout. One JSON file per case, in folders as
 * deep as they come; which proof a file is about shows in its fields, so any folder of the tree can be named.
 *
 *   inclusion     { leafIdx, treeSize, root, leafHash, proof, desc, wantErr }
 *   consistency   { size1, size2, root1, root2, proof, desc, wantErr }
 *
 * Bytes are base64 (Go's encoding/json), an absent list is null, numbers are unsigned 64-bit.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, parseBase64 } from '@oppidum/formats/bytes';
import { FormatError, type Rejection } from '@oppidum/formats/errors';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { checkConsistency, checkInclusion } from '@oppidum/proofs/merkle';
import type { SuiteResult } from './suite.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What came of one file: null for as wanted, or why not, or why it could not be judged. */
type Outcome = null | { readonly failure: string } | { readonly skip: string };

/** Runs every case below the folder. Files that are not JSON are no cases; JSON of another shape is skipped and named. */
export async function runMerkleSuite(dir: string): Promise<SuiteResult> {
  const failures: { file: string; name: string; reason: string }[] = [];
  const skips: { file: string; name: string; reason: string }[] = [];
  let passed = 0;
  for (const file of listCases(dir)) {
    const { name, outcome } = judgeFile(join(dir, file));
    if (outcome === null) passed++;
    else if ('failure' in outcome) failures.push({ file, name, reason: outcome.failure });
    else skips.push({ file, name, reason: outcome.skip });
  }
  return { passed, failed: failures.length, skipped: skips.length, failures, skips };
}

function listCases(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.json')).sort();
}

function judgeFile(path: string): { readonly name: string; readonly outcome: Outcome } {
  let fields: unknown;
  try {
    fields = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { name: '', outcome: { failure: 'not JSON' } };
  }
  if (!isFields(fields)) return { name: '', outcome: { skip: 'not a case of this suite' } };
  return { name: typeof fields['desc'] === 'string' ? fields['desc'] : '', outcome: judgeCase(fields) };
}

function judgeCase(fields: Fields): Outcome {
  const check = 'leafIdx' in fields ? checkInclusionCase : 'size1' in fields ? checkConsistencyCase : null;
  const wantsRefusal = fields['wantErr'];
  if (check === null || typeof wantsRefusal !== 'boolean') return { skip: 'not a case of this suite' };
  try {
    const rejection = check(fields);
    if (wantsRefusal === (rejection !== null)) return null;
    return { failure: rejection === null ? 'a false proof was accepted' : `a true proof was refused: ${rejection.code}` };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { failure: `unreadable: ${error.code}` };
  }
}

function checkInclusionCase(fields: Fields): Rejection | null {
  const claim = { index: numberOf(fields, 'leafIdx'), size: numberOf(fields, 'treeSize') };
  return checkInclusion(nobleCrypto, {
    ...claim,
    leafHash: bytesOf(fields['leafHash']),
    root: bytesOf(fields['root']),
    proof: proofOf(fields),
  });
}

function checkConsistencyCase(fields: Fields): Rejection | null {
  const sizes = { size1: numberOf(fields, 'size1'), size2: numberOf(fields, 'size2') };
  return checkConsistency(nobleCrypto, {
    ...sizes,
    root1: bytesOf(fields['root1']),
    root2: bytesOf(fields['root2']),
    proof: proofOf(fields),
  });
}

/** Beyond 2^53 − 1 JSON loses digits; the checker refuses such numbers whatever they were. */
function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : Number.NaN;
}

function proofOf(fields: Fields): Bytes[] {
  const proof = fields['proof'];
  return Array.isArray(proof) ? proof.map(bytesOf) : [];
}

/** Go writes nil as null and empty as "". */
function bytesOf(value: unknown): Bytes {
  return typeof value === 'string' ? parseBase64(value) : new Uint8Array(0);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
