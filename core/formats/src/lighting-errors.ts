/** Codes of street lighting: what is wrong with a programme, and why a lamp may not be driven so. */

import { entry } from './error-entry.ts';

export const LIGHTING_ERRORS = {
  LIGHT_HOURS_OVERLAP: entry(400, 1, 'Hours of a lighting programme overlap or end before they begin', 'Name each hour once'),
  LIGHT_NIGHT_INVALID: entry(
    400,
    1,
    'Day, twilight and night of a lighting programme do not fit into one day',
    'Leave some of the day and of the night outside of both twilights',
  ),
  LIGHT_STEPS_REVERSED: entry(
    400,
    1,
    'A lighting programme would give less light where more is needed',
    'Lower at least as far for less traffic as for more, and raise at least as far for fog as for rain',
  ),
  LIGHT_THRESHOLDS_REVERSED: entry(
    400,
    1,
    'Thresholds of a lighting programme do not ascend',
    'Put the lower threshold below the higher one',
  ),
  LIGHT_RAMP_SLOW: entry(
    400,
    1,
    'Lamps of this programme would not be bright in time',
    'Let them rise faster, or give more time to settle',
  ),
  LIGHT_CROSSING_LOWERED: entry(
    400,
    1,
    'A crossing keeps its own class at all hours',
    'Leave out what lowers it, or declare it a road if it is one',
  ),
  LIGHT_CLASS_UNREACHED: entry(
    400,
    1,
    'At full output the lamps do not give the light of the class',
    'Name a class that they reach, or fit brighter lamps',
  ),
  LIGHT_CURVE_UNKNOWN: entry(
    400,
    1,
    'A lamp of the document `cabinets` has a power curve that the document does not hold',
    'Add the curve, or name one by its index, from 0',
  ),
  LIGHT_LAMP_TWICE: entry(400, 1, 'A lamp hangs on two meters in the document `cabinets`', 'Name each lamp at one cabinet'),
  LIGHT_CABINETS_MISSING: entry(
    404,
    1,
    'The zone has no document that says which lamps hang on which meter',
    'Set the document `cabinets` (docs/lighting.md)',
  ),
  LIGHT_PROGRAMME_MISSING: entry(
    409,
    1,
    'The zone has no lighting programme that says how much light it needs',
    'Set the document `programme` first; light/full is always possible',
  ),
  LIGHT_SECTION_UNKNOWN: entry(
    404,
    1,
    'The programme has no such section',
    'Count the sections of the programme in force, from 0',
  ),
  LIGHT_BELOW_CLASS: entry(
    403,
    4,
    'So little light would be below the lighting class of the road as it is now',
    'Order at least the level named, or change the programme',
  ),
  LIGHT_BY_DAY: entry(403, 4, 'By day lamps burn for maintenance alone', 'Order light/maintenance with its minutes'),
  LIGHT_UNEVEN: entry(
    403,
    4,
    'Lamps are dimmed together, never every second pole',
    'Order the level for all lamps of the zone or section at once; single lamps may only be brighter than the normal class needs',
  ),
} as const;
