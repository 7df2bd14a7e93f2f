/** What every conformance suite has in common: cases from files of a folder, and an outcome for each. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** One case that failed or could not be judged: its file (relative to the folder), its name in that file, and why. */
export type SuiteNote = { readonly file: string; readonly name: string; readonly reason: string };

export type SuiteResult = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly SuiteNote[];
  readonly skips: readonly SuiteNote[];
};

/** What came of one case: null for as wanted, or why not, or why it could not be judged. */
export type Outcome = null | { readonly failure: string } | { readonly skip: string };

/** A case of a file: a name and what came of it. */
export type JudgedCase = { readonly name: string; readonly outcome: Outcome };

/** True when a run proves nothing good: something failed, or nothing passed at all. */
export function hasFailed(result: SuiteResult): boolean {
  return result.failed > 0 || result.passed === 0;
}

/** Every file below the folder as a relative path, in a fixed order. */
function listFiles(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => relative(dir, join(entry.parentPath, entry.name))).sort();
}

/** JSON objects as they come out of a file: nothing about them is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** True for a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member `name` as an object; empty when it is none. */
export function fieldsOf(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : {};
}

/** The member `name` as a text, or null. */
export function textOf(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' ? value : null;
}

/**
 * Judges every file below the folder. `judge` gets the parsed content of a JSON file and returns its cases;
 * other files are skipped, files that cannot be read or parsed have failed.
 */
export function runJsonSuite(dir: string, judge: (content: unknown) => readonly JudgedCase[]): SuiteResult {
  const failures: SuiteNote[] = [];
  const skips: SuiteNote[] = [];
  let passed = 0;
  for (const file of listFiles(dir)) {
    for (const { name, outcome } of judgeFile(join(dir, file), judge)) {
      if (outcome === null) passed++;
      else if ('failure' in outcome) failures.push({ file, name, reason: outcome.failure });
      else skips.push({ file, name, reason: outcome.skip });
    }
  }
  return { passed, failed: failures.length, skipped: skips.length, failures, skips };
}

function judgeFile(path: string, judge: (content: unknown) => readonly JudgedCase[]): readonly JudgedCase[] {
  if (!path.endsWith('.json')) return [{ name: '', outcome: { skip: 'not a JSON file' } }];
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return [{ name: '', outcome: { failure: 'cannot be read as JSON' } }];
  }
  return judge(content);
}
