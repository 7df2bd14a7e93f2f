/** Codes of envelopes and interlocks: why a command waits for the street to be safe. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const SAFETY_ERRORS = {
  QUANTITY_UNKNOWN: entry(
    400,
    3,
    'A rule needs a quantity that the envelope does not describe',
    'Name one of its quantities, or describe this one with its sensors',
  ),
  ENVELOPE_CONTRADICTS: entry(
    409,
    1,
    'Two parts of the envelope contradict each other',
    'Change one of the two that are named, so that both can hold',
  ),
  ENVELOPE_SENSOR_UNKNOWN: entry(
    404,
    1,
    'The envelope names a sensor that is not declared',
    'Declare it with `telemetry/declare-sensor` first, so that its readings reach the ledger',
  ),
  SENSOR_DECIMALS: entry(
    409,
    1,
    'The ledger keeps this sensor with another number of decimals',
    'Give the quantity the decimals of its sensors',
  ),
  SENSORS_DEPENDENT: entry(
    409,
    1,
    'Two sensors of one quantity are not independent of each other',
    'Take sensors that differ in what the envelope asks for: model, or maker',
  ),
  INTERLOCK_ARGUMENTS: entry(
    409,
    1,
    'The envelope knows this command with another number of arguments',
    'Give the arguments that the command has in this zone',
  ),
  INTERLOCK_FORBIDDEN: entry(
    409,
    1,
    'The envelope of the zone forbids this; the safe state is held',
    'Give another command, or have the envelope changed by those who sign for the zone',
  ),
  INTERLOCK_SILENT: entry(
    409,
    1,
    'Too few sensors say how it is out there; the safe state is held',
    'See that the sensor named sends again, then give the order anew',
  ),
  INTERLOCK_QUARANTINED: entry(
    409,
    1,
    'A sensor that is needed is not believed just now; the safe state is held',
    'Find out what is wrong with the sensor named, or have it replaced',
  ),
  INTERLOCK_CONTRADICTION: entry(
    409,
    1,
    'The sensors contradict each other; the safe state is held',
    'Find out which one is wrong before anything moves',
  ),
  INTERLOCK_LIMIT: entry(
    409,
    1,
    'What the sensors say does not allow this now; the safe state is held',
    'Wait until it is within the limits of the rule named',
  ),
} as const satisfies Record<string, ErrorEntry>;
