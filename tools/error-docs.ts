/** Writes docs/errors.md from the error catalogue: `node tools/error-docs.ts`. A tidy test holds the two together. */

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ERRORS } from '@oppidum/formats/error-catalogue';

const EXIT_CODES = [
  '| 1 | it failed, for the reason given |',
  '| 2 | the command was not understood |',
  '| 3 | what was checked is not true or not readable |',
  '| 4 | the signers may not do this |',
  '| 5 | something needed is not there just now; try again |',
];

/** The text of docs/errors.md: every code with its meaning, HTTP status, exit code and what to do. */
export function renderErrorDocs(): string {
  const rows = Object.entries(ERRORS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { message, action, httpStatus, exitCode }]) =>
        `| \`${code}\` | ${message}. | ${action}. | ${httpStatus} | ${exitCode} |`,
    );
  return [
    '# Error codes',
    '',
    'One catalogue serves the formats, the ledger, the API, the command line and the device SDK',
    '(`core/formats/src/error-catalogue.ts`). This page is written from it by `node tools/error-docs.ts`.',
    '',
    '| code | means | what to do | HTTP | exit |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '## Exit codes of the command line',
    '',
    '| exit | means |',
    '|---|---|',
    '| 0 | done, or verified |',
    ...EXIT_CODES,
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(join(resolve(import.meta.dirname, '..'), 'docs/errors.md'), renderErrorDocs());
