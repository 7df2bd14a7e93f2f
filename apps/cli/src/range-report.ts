/** What a file of a complete range proves, in words: of `reading prove` and of `verify`. */

import type { RangeReport } from '@oppidum/proofs/verify-complete-range';
import type { Cli } from './cli.ts';

/** All is proven, and nothing is left out. */
export function isProvenComplete({ report, range }: RangeReport): boolean {
  return report.color === 'green' && range?.isComplete === true;
}

const MARKS = { passed: 'passed', failed: 'FAILED', noted: 'note' } as const;

/** Prints every step, then one verdict: what does not hold is red, what leaves something open is amber. */
export function printRange({ output, quiet }: Pick<Cli, 'output' | 'quiet'>, { report, range }: RangeReport): void {
  const width = Math.max(...report.steps.map(({ name }) => name.length));
  if (!quiet)
    for (const { name, outcome, detail } of report.steps)
      output.line(`  ${MARKS[outcome].padEnd(6)}  ${name.padEnd(width)}  ${detail}`);
  if (range === null || report.color !== 'green') {
    output.line(
      `${output.paint(report.color, `${report.verdict} (${report.color === 'red' ? 'FAILED' : 'CAUTION'})`)}  ${report.means}.`,
    );
    return;
  }
  const [color, word] = range.isComplete ? (['green', 'COMPLETE'] as const) : (['amber', 'INCOMPLETE (CAUTION)'] as const);
  output.line(
    `${output.paint(color, word)}  ${range.isComplete ? 'Every reading is proven, and none is left out' : describeMissing(range)}.`,
  );
  if (!range.endsAfter)
    output.note('No later reading closes the span: choose an end before the device’s newest reading, or wait for the next.');
}

function describeMissing({ gaps, beginsBefore, endsAfter }: NonNullable<RangeReport['range']>): string {
  const numbers = gaps.slice(0, 5).map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`));
  const missing = gaps.length === 0 ? [] : [`nothing is shown of ${numbers.join(', ')}${gaps.length > 5 ? ', …' : ''}`];
  const ends = [...(beginsBefore ? [] : ['the beginning is open']), ...(endsAfter ? [] : ['the end is open'])];
  return `What is shown is proven; ${[...missing, ...ends].join('; ')}`;
}
