/**
 * The life of an alarm: every state with every event, no gaps (specs/alarms.md §4).
 *
 * 1. What happened once (`ends: 'seen'`) is closed by whoever acknowledges it and by nothing else.
 * 2. What lasts (`ends: 'gone'`) is closed by what says that it is over and by nothing else: acknowledging it changes nothing in the street.
 * 3. A closed alarm whose cause returns is open again, under a new opening: no acknowledgement of the former counts for it.
 * 4. A cause that says the same again raises the count and nothing else; what happened anew after somebody looked is open again.
 */

import type { AlarmCause } from './alarm.ts';
import { ALARM_RULES } from './alarm.ts';

export const ALARM_STATES = ['open', 'acknowledged', 'closed'] as const;
export type AlarmState = (typeof ALARM_STATES)[number];

/** `raise`: its cause is there, or there again. `acknowledge`: somebody who may signed for its newest opening. `clear`: its cause is gone. */
export const ALARM_EVENTS = ['raise', 'acknowledge', 'clear'] as const;
export type AlarmEvent = (typeof ALARM_EVENTS)[number];

type Life = Readonly<Record<AlarmState, Readonly<Record<AlarmEvent, AlarmState>>>>;

const LIVES: Readonly<Record<'gone' | 'seen', Life>> = {
  gone: {
    open: { raise: 'open', acknowledge: 'acknowledged', clear: 'closed' },
    acknowledged: { raise: 'acknowledged', acknowledge: 'acknowledged', clear: 'closed' },
    closed: { raise: 'open', acknowledge: 'closed', clear: 'closed' },
  },
  seen: {
    open: { raise: 'open', acknowledge: 'closed', clear: 'open' },
    acknowledged: { raise: 'open', acknowledge: 'closed', clear: 'acknowledged' },
    closed: { raise: 'open', acknowledge: 'closed', clear: 'closed' },
  },
};

/** The state after an event. */
export function nextAlarmState(cause: AlarmCause, state: AlarmState, event: AlarmEvent): AlarmState {
  return LIVES[ALARM_RULES[cause].ends][state][event];
}
