/** What a check of `oppidum doctor` says. */

/** `action` is there exactly where something is to be done. */
export type CheckResult = {
  readonly name: string;
  readonly outcome: 'pass' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  readonly action: string | null;
};

/** The check found nothing wrong. */
export function passed(name: string, detail: string): CheckResult {
  return { name, outcome: 'pass', detail, action: null };
}

/** The check does not apply here, for this reason. */
export function skipped(name: string, detail: string): CheckResult {
  return { name, outcome: 'skip', detail, action: null };
}

/** Something may go wrong. */
export function warned(name: string, detail: string, action: string): CheckResult {
  return { name, outcome: 'warn', detail, action };
}

/** Something is wrong. */
export function failed(name: string, detail: string, action: string): CheckResult {
  return { name, outcome: 'fail', detail, action };
}
