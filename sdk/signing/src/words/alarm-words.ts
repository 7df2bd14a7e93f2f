/** What is said of the act on an alarm, and of alarms wherever one is named, in every language. */

import type { AlarmCause, AlarmResponse } from '@oppidum/formats/alarm';

/** Names of fields in that act. */
export type AlarmFieldName = 'cause' | 'subject' | 'opening' | 'response';

export type AlarmWords = {
  readonly acts: { readonly 'alarm/acknowledge': string };
  readonly fields: Readonly<Record<AlarmFieldName, string>>;
  readonly choices: Readonly<Record<AlarmCause | AlarmResponse, string>>;
};
