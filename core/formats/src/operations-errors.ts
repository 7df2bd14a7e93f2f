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
  ENVELOPE_FOREIGN: entry(
    400,
    1,
    'These bytes are not the envelope of this reading',
    'Give the bytes that the device signed and sent',
  ),
  ENVELOPE_RETIRED: entry(
    410,
    1,
    'The envelope of this reading is past its retention and gone; its digest is still in the log',
    'Whoever kept the envelope can still prove it: `oppidum evidence ID --envelope FILE`',
  ),
  RETENTION_INVALID: entry(
    400,
    2,
    'This is no retention of envelopes',
    'Say how many days they are kept, from 1 to 36500, or that they are kept for ever',
  ),
} as const satisfies Record<string, ErrorEntry>;
