/** Codes of alarms. */

import { entry } from './error-entry.ts';

export const ALARM_ERRORS = {
  ALARM_UNKNOWN: entry(404, 1, 'No such alarm', 'See the alarms of the city; the one that is meant may be about something else'),
  ALARM_CLOSED: entry(409, 1, 'The cause of the alarm is gone', 'Nothing is to be done'),
  ALARM_ACKNOWLEDGED: entry(409, 1, 'Somebody has acknowledged this already', 'See who, and what they do about it'),
} as const;
