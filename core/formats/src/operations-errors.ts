/** The part of the catalogue about keeping a city: backups, retention. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const OPERATIONS_ERRORS = {
  BACKUP_INVALID: entry(400, 3, 'This is no whole backup of a city', 'Do not use it; take another one'),
  BACKUP_KEY_WRONG: entry(
    403,
    4,
    'The passphrase, identity or recipient does not fit this backup',
    'Give --passphrase-file or --identity of whom it was sealed for',
  ),
} as const satisfies Record<string, ErrorEntry>;
