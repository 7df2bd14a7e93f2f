/** What a verification says: named steps in order, then one verdict. The first failing step ends it. */

import { describeError, type ErrorCode, FormatError, type Rejection } from '@oppidum/formats/errors';
import type { Json } from '@oppidum/formats/schema';
import { VERDICTS, type Verdict } from '@oppidum/formats/verdicts';

/** One thing that was checked. `noted` informs without changing the verdict. */
export type Step = { readonly name: string; readonly outcome: 'passed' | 'failed' | 'noted'; readonly detail: string };

/** Facts are what a passed verification proves; on any failure they are empty, so nobody shows unproven data as proven. */
export type Report = {
  readonly verdict: Verdict;
  readonly color: 'green' | 'amber' | 'red';
  readonly means: string;
  readonly action: string;
  readonly steps: readonly Step[];
  readonly facts: { readonly [name: string]: Json };
};

/** Ends a verification with a verdict; caught only by `runVerification`. */
export class Refuted extends Error {
  readonly verdict: Verdict;
  readonly detail: string;

  constructor(verdict: Verdict, detail: string) {
    super(detail);
    this.name = 'Refuted';
    this.verdict = verdict;
    this.detail = detail;
  }
}

/** Collects steps and facts while a verification runs. */
export class Findings {
  readonly steps: Step[] = [];
  readonly facts: Record<string, Json> = {};
  /** The verdict of a verification whose every step passed. */
  outcome: Verdict = 'OK';
  #current = 'format';

  /** Names the step that the following checks belong to. */
  begin(name: string): void {
    this.#current = name;
  }

  /** The present step passed. */
  pass(detail: string): void {
    this.steps.push({ name: this.#current, outcome: 'passed', detail });
  }

  /** Worth knowing, changes nothing. */
  note(detail: string): void {
    this.steps.push({ name: this.#current, outcome: 'noted', detail });
  }

  /** The present step failed. */
  fail(detail: string): void {
    this.steps.push({ name: this.#current, outcome: 'failed', detail });
  }
}

/** Runs the checks and turns their end into a report. A FormatError from any decoder becomes UNREADABLE (or UNSUPPORTED_VERSION). */
export function runVerification(verify: (findings: Findings) => void): Report {
  const findings = new Findings();
  try {
    verify(findings);
    return makeReport(findings.outcome, findings, findings.facts);
  } catch (error) {
    if (error instanceof Refuted) {
      findings.fail(error.detail);
      return makeReport(error.verdict, findings, {});
    }
    if (!(error instanceof FormatError)) throw error;
    findings.fail(describeError(error.code, error.details));
    return makeReport(error.code === 'VERSION_UNSUPPORTED' ? 'UNSUPPORTED_VERSION' : 'UNREADABLE', findings, {});
  }
}

function makeReport(verdict: Verdict, findings: Findings, facts: Report['facts']): Report {
  return { verdict, ...VERDICTS[verdict], steps: findings.steps, facts };
}

/** Ends the verification with `verdict` when a check refused. */
export function refuteIf(rejection: Rejection | null, verdict: Verdict | ((code: ErrorCode) => Verdict)): void {
  if (rejection === null) return;
  throw new Refuted(
    typeof verdict === 'string' ? verdict : verdict(rejection.code),
    describeError(rejection.code, rejection.details),
  );
}
