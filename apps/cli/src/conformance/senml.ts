/**
 * `oppidum conformance senml DIR`: the examples of the SenML specification in their own layout (specs/senml.md §4).
 *
 *   NAME.json                 the example; parsed, written as CBOR, read back and resolved
 *   NAME.gen.resolved.json    what it resolves to
 *   NAME.gen.cbor.hex         the same pack as CBOR, a hex dump
 *
 * Everything else that belongs to an example (XML, EXI, diagnostic notation …) is skipped and named.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, equalBytes, parseHex } from '@oppidum/formats/bytes';
import { describeError, FormatError } from '@oppidum/formats/errors';
import { type ResolvedRecord, resolveSenml, type SenmlPack, type SenmlValue } from '@oppidum/formats/senml';
import { encodeSenmlCbor, parseSenmlCbor } from '@oppidum/formats/senml-cbor';
import { parseSenmlJson } from '@oppidum/formats/senml-json';
import type { SuiteResult } from './suite.ts';

/** What came of one file: null for as wanted, or why not, or why it could not be judged. */
type Outcome = null | { readonly failure: string } | { readonly skip: string };

/** Stands for now where a comparison is with the pack itself. */
const ANY_NOW_S = 1_500_000_000;
/** Doubles this close, relative to the larger, are one number written by two printers or added in two orders. */
const CLOSENESS = 2 ** -50;

/** Runs every example below the folder. Files that belong to no example are no cases. */
export async function runSenmlSuite(dir: string): Promise<SuiteResult> {
  const failures: { file: string; name: string; reason: string }[] = [];
  const skips: { file: string; name: string; reason: string }[] = [];
  let passed = 0;
  for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()) {
    const [, example, kind] = /^((?:.*[\\/])?ex[^./\\]*)\.(.+)$/.exec(file) ?? [];
    if (example === undefined || kind === undefined) continue;
    const outcome = judgeFile(join(dir, example), kind);
    if (outcome === null) passed++;
    else if ('failure' in outcome) failures.push({ file, name: kind, reason: outcome.failure });
    else skips.push({ file, name: kind, reason: outcome.skip });
  }
  return { passed, failed: failures.length, skipped: skips.length, failures, skips };
}

function judgeFile(example: string, kind: string): Outcome {
  const judge = JUDGES[kind];
  if (judge === undefined) return { skip: `no representation read here: .${kind}` };
  if (!existsSync(`${example}.json`)) return { skip: 'the example itself is not here' };
  try {
    return judge(parseSenmlJson(read(`${example}.json`)), example);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { failure: describeError(error.code, error.details) };
  }
}

const JUDGES: Readonly<Record<string, (pack: SenmlPack, example: string) => Outcome>> = {
  json: (pack) => compareRecords(resolve(parseSenmlCbor(encodeSenmlCbor(pack))), resolve(pack)),
  'gen.resolved.json': (pack, example) => judgeResolved(pack, parseSenmlJson(read(`${example}.gen.resolved.json`))),
  'gen.cbor.hex': (pack, example) => {
    const dump = new TextDecoder().decode(read(`${example}.gen.cbor.hex`));
    return compareRecords(resolve(parseSenmlCbor(parseHexDump(dump), { foreign: true })), resolve(pack));
  },
};

function read(path: string): Bytes {
  return new Uint8Array(readFileSync(path));
}

function resolve(pack: SenmlPack): readonly ResolvedRecord[] {
  return resolveSenml(pack, ANY_NOW_S);
}

/** Relative times were resolved at a now that the file does not tell: one that fits the first such record must fit all. */
function judgeResolved(pack: SenmlPack, expectedPack: SenmlPack): Outcome {
  const expected = resolve(expectedPack);
  const first = resolveSenml(pack, 0).find(({ timeS }) => timeS < 2 ** 28);
  const candidates =
    first === undefined
      ? [ANY_NOW_S]
      : expected.filter(({ name }) => name === first.name).map(({ timeS }) => timeS - first.timeS);
  if (candidates.length === 0) return { failure: `no record named ${first?.name} is expected` };
  const outcomes = candidates.map((nowS) => compareRecords(resolveSenml(pack, nowS), expected));
  return outcomes.includes(null) ? null : (outcomes[0] as Outcome);
}

function compareRecords(got: readonly ResolvedRecord[], want: readonly ResolvedRecord[]): Outcome {
  if (got.length !== want.length) return { failure: `${got.length} records, expected ${want.length}` };
  for (const [i, wanted] of want.entries()) {
    const field = differenceOf(got[i] as ResolvedRecord, wanted);
    if (field !== null) return { failure: `record ${i}: ${field} differs` };
  }
  return null;
}

function differenceOf(got: ResolvedRecord, want: ResolvedRecord): string | null {
  for (const field of ['name', 'unit', 'timeS', 'value', 'sum', 'updateTimeS'] as const)
    if (!isSame(got[field], want[field])) return field;
  for (const [label, value] of want.extensions) if (!isSame(got.extensions.get(label) ?? null, value)) return label;
  return got.extensions.size === want.extensions.size ? null : 'the set of labels';
}

function isSame(a: SenmlValue | null, b: SenmlValue | null): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= CLOSENESS * Math.max(Math.abs(a), Math.abs(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b);
  return a === b;
}

/** The bytes of a hex dump: with offsets (`0010 31 30 …|10…|`, or `00000010: 3130 …  10…`), or digits alone; `#` begins a comment. */
function parseHexDump(dump: string): Bytes {
  let digits = '';
  for (const line of dump.toLowerCase().split('\n')) {
    const [, offset, rest] = /^([0-9a-f]{4,8}):\s+(.*?)(?:\s{2}.*)?$/.exec(line) ?? [];
    const items = (offset === undefined ? line : `${offset} ${rest}`).split(/[|#]/)[0]?.trim().split(/\s+/) ?? [];
    const isOffset = /^[0-9a-f]{4,8}$/.test(items[0] ?? '') && Number.parseInt(items[0] as string, 16) === digits.length / 2;
    digits += (isOffset ? items.slice(1) : items).join('');
  }
  return parseHex(digits);
}
