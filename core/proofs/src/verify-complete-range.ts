/**
 * Whether a range of readings is complete: each is proven by itself, and their sequence numbers, which the device signed, leave none out.
 * What a gap means nobody can tell from the numbers: withheld, lost, refused, erased, or never sent under this number.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type CompleteRange, parseCompleteRange } from '@oppidum/formats/complete-range';
import type { Crypto } from '@oppidum/formats/crypto';
import { parseEvidence } from '@oppidum/formats/evidence';
import { latestTimeOf, parseReading } from '@oppidum/formats/reading';
import { type Findings, Refuted, type Report, runVerification } from './report.ts';
import type { Trust } from './verify-checkpoint.ts';
import { verifyEvidence } from './verify-evidence.ts';

/** Sequence numbers of which nothing is shown, both included. */
export type Gap = { readonly first: number; readonly last: number };

/** What of the span is covered. `isComplete`: no gap, and readings on both sides of the span bound it. */
export type RangeFindings = {
  readonly gaps: readonly Gap[];
  /** True where the first reading is timed before the span, or has the first number there is. */
  readonly beginsBefore: boolean;
  /** True where the last one is timed at its end or later: otherwise nobody knows what came after. */
  readonly endsAfter: boolean;
  readonly isComplete: boolean;
};

/** `range` is null where something does not hold. */
export type RangeReport = { readonly report: Report; readonly range: RangeFindings | null };

type ProvenReading = { readonly sequence: number; readonly timeMs: number };

/** Sequence numbers begin here (readings-and-receipts.md §2). */
const FIRST_SEQUENCE = 1;

/** Verifies a file of a range under the verifier's own policies. Never throws on bad input. */
export function verifyCompleteRange(crypto: Crypto, file: Bytes, trust: Trust): RangeReport {
  let range: RangeFindings | null = null;
  const report = runVerification((findings) => {
    findings.begin('format');
    const shown = parseCompleteRange(file);
    if (shown.fromMs >= shown.toMs) throw new Refuted('UNREADABLE', 'the span ends before it begins');
    findings.pass(`a range of ${shown.evidence.length} readings, version ${shown.version}, ${file.length} bytes`);
    const readings = verifyReadings(crypto, shown, trust, findings);
    range = judgeRange(shown, readings, findings);
  });
  return { report, range: report.color === 'red' ? null : range };
}

/** Each piece of evidence holds, is of this device key, and follows the one before it. */
function verifyReadings(crypto: Crypto, shown: CompleteRange, trust: Trust, findings: Findings): ProvenReading[] {
  findings.begin('readings');
  const readings: ProvenReading[] = [];
  for (const [i, evidence] of shown.evidence.entries()) {
    const { verdict, color, steps } = verifyEvidence(crypto, evidence, trust);
    if (color === 'red') throw new Refuted(verdict, `reading ${i}, ${steps.at(-1)?.name}: ${steps.at(-1)?.detail}`);
    const proven = parseEvidence(evidence);
    if (proven.fact !== 'reading') throw new Refuted('HASH_MISMATCH', `item ${i} is no reading`);
    const reading = parseReading(crypto, proven.envelope);
    const { sequence } = reading;
    if (!equalBytes(reading.device, shown.device) || reading.keyNumber !== shown.keyNumber)
      throw new Refuted('HASH_MISMATCH', `reading ${i} is of another device or key`);
    const before = readings.at(-1)?.sequence ?? 0;
    if (sequence <= before) throw new Refuted('HASH_MISMATCH', `reading ${i}: sequence number ${sequence} after ${before}`);
    if (color === 'amber') findings.outcome = verdict;
    readings.push({ sequence, timeMs: Math.round(latestTimeOf(reading) * 1_000) });
  }
  findings.pass(`each of ${readings.length} is signed by key ${shown.keyNumber} of the device, anchored and cosigned`);
  return readings;
}

function judgeRange(
  { device, keyNumber, fromMs, toMs }: CompleteRange,
  readings: readonly ProvenReading[],
  findings: Findings,
): RangeFindings {
  findings.begin('sequence numbers');
  const gaps = gapsOf(readings);
  const [first, last] = [readings[0], readings.at(-1)];
  const beginsBefore = first !== undefined && (first.timeMs < fromMs || first.sequence === FIRST_SEQUENCE);
  const endsAfter = last !== undefined && last.timeMs >= toMs;
  for (const gap of gaps)
    findings.note(`nothing is shown of ${gap.first === gap.last ? gap.first : `${gap.first} to ${gap.last}`}`);
  if (!beginsBefore) findings.note('nothing shows that no earlier reading was left out at the beginning of the span');
  if (!endsAfter) findings.note('nothing shows that no later reading was left out at the end of the span');
  if (gaps.length === 0 && first !== undefined && last !== undefined)
    findings.pass(`${first.sequence} to ${last.sequence}, none left out`);
  const isComplete = gaps.length === 0 && beginsBefore && endsAfter;
  const span = { fromMs, toMs, firstSequence: first?.sequence ?? null, lastSequence: last?.sequence ?? null };
  const facts = { fact: 'readings', device: toHex(device), keyNumber, ...span, readingCount: readings.length, isComplete };
  Object.assign(findings.facts, facts, { gaps: gaps.map((gap) => ({ ...gap })) });
  return { gaps, beginsBefore, endsAfter, isComplete };
}

function gapsOf(readings: readonly ProvenReading[]): Gap[] {
  return readings.flatMap(({ sequence }, i) => {
    const before = readings[i - 1];
    return before === undefined || before.sequence === sequence - 1 ? [] : [{ first: before.sequence + 1, last: sequence - 1 }];
  });
}
