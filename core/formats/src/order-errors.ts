/** Codes of zones and of orders to machines. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const ORDER_ERRORS = {
  KEY_SET_THRESHOLD: entry(
    400,
    3,
    'The thresholds of a zone\u2019s key set do not fit its keys',
    'Use 1 ≤ threshold ≤ dangerousThreshold ≤ number of keys',
  ),
  SIGNATURES_FEW: entry(
    403,
    3,
    'Too few order keys of the zone signed this',
    'Collect the signatures of as many different keys as the zone asks for',
  ),
} as const satisfies Record<string, ErrorEntry>;
