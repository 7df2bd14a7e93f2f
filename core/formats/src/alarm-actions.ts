/** The body of the act on an alarm. */

import { ALARM_CAUSES, ALARM_RESPONSES } from './alarm.ts';
import { id } from './common-schemas.ts';
import { oneOf, optional } from './schema.ts';

export const ALARM_ACTIONS = {
  /**
   * `opening`: digest of the reading, or id of the transaction, that opened the alarm, of what happened the newest one: nobody acknowledges
   * what has not happened yet. `zone`: of a device that is in one.
   */
  'alarm/acknowledge': {
    cause: oneOf(...ALARM_CAUSES),
    subject: id(),
    zone: optional(id()),
    opening: id(),
    response: oneOf(...ALARM_RESPONSES),
  },
} as const;
