/** All actions of the area of alarms. */

import type { AnyAction } from '@oppidum/ledger/action';
import { acknowledgeAlarm } from './acknowledge-alarm.ts';

export const alarmActions: readonly AnyAction[] = [acknowledgeAlarm];
