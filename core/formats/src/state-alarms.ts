/** Records of area 0x06: who acknowledged which alarm. That an alarm is open follows from signed readings and events, and stands nowhere. */

import { height, id, timeMs } from './common-schemas.ts';
import { type Infer, struct, text } from './schema.ts';
import { defineKind } from './state-layout.ts';

/** The newest acknowledgement of an alarm, by its id. `opening`: what opened it that time; `account`: who signed. */
export const acknowledgementKind = defineKind({
  name: 'alarmAcknowledgement',
  area: 0x06,
  kind: 0x01,
  segments: ['id'],
  value: struct({
    /** Words of the lists of `alarm.ts`, as the act had them: whoever opens a record need not carry the lists. */
    cause: text(32),
    subject: id(),
    opening: id(),
    response: text(32),
    account: id(),
    atMs: timeMs(),
    height: height(),
  }),
});
export type AcknowledgementRecord = Infer<typeof acknowledgementKind.value>;

export const alarmKinds = [acknowledgementKind] as const;
