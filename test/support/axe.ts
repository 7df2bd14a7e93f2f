/** What axe finds on a page that keeps people out: its serious and critical findings. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Violation = {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
};

/** Besides what it looks for by itself: what can be used has 24 by 24 pixels or room around it (WCAG 2.2, 2.5.8, with its exceptions). */
const OPTIONS = JSON.stringify({ rules: { 'target-size': { enabled: true } } });

/** Rule and places of each finding. The page may allow no script but its own: axe comes in through the debugger. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate<readonly Violation[]>(`axe.run(${OPTIONS}).then(({ violations }) => violations)`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}
