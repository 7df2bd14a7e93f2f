/** The part of the catalogue that is about reading what the city keeps: series, streams, complete ranges. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const READ_ERRORS = {
  LIVE_COUNT: entry(429, 5, 'There are as many streams of events as this door keeps open', 'Close one, or ask again later'),
  LIVE_ID_INVALID: entry(
    400,
    2,
    'The id does not name a place in the events of this city',
    'Send the id of the last event as it came, or none to begin with what comes next',
  ),
  SERIES_UNKNOWN: entry(
    404,
    1,
    'The device has no values under this name',
    'See its newest values: `oppidum reading latest --device ID`',
  ),
  SLOW_READER: entry(
    503,
    5,
    'Events came faster than they were read',
    'Connect again with the id of the last event that arrived',
  ),
} as const satisfies Record<string, ErrorEntry>;
