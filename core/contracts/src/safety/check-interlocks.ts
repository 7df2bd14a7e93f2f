/** The interlocks of a zone as an order meets them, when it becomes issued. */

import type { Command } from '@oppidum/formats/command';
import type { Envelope } from '@oppidum/formats/envelope';
import type { Rejection } from '@oppidum/formats/errors';
import type { City } from '@oppidum/ledger/city';
import { evaluateInterlocks } from './interlocks.ts';
import { lookAtSensors } from './sensor-views.ts';

/** Refuses a command that the envelope does not allow by the running state, as `evaluateInterlocks` does. */
export function checkInterlocks(city: City, envelope: Envelope, given: Command): Rejection | null {
  return evaluateInterlocks(envelope, given, city.timeMs, lookAtSensors(city, envelope));
}
