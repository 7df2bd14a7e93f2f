/** Where the published test data lies: a folder beside the repository that nothing in the product needs. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder named by OPPIDUM_SHARED, else `shared` beside the repository; null when there is none. */
export function sharedFolder(): string | null {
  const folder = resolve(process.env['OPPIDUM_SHARED'] ?? resolve(import.meta.dirname, '../../../shared'));
  return existsSync(folder) ? folder : null;
}

/**
 * For the `skip` option of a test: why a test on shared data cannot run, or false when it can.
 * With OPPIDUM_REQUIRE_ALL=1 always false, so that the test runs and fails on what is missing.
 */
export function skipReason(): string | false {
  const mayRun = sharedFolder() !== null || process.env['OPPIDUM_REQUIRE_ALL'] === '1';
  return mayRun ? false : 'the shared test data is not here (OPPIDUM_SHARED)';
}

/** The path of a folder of the shared data. Throws where it is missing. */
export function sharedPath(below: string): string {
  const path = resolve(sharedFolder() ?? '', below);
  if (sharedFolder() === null || !existsSync(path)) throw new Error(`the shared test data has no ${below}`);
  return path;
}
