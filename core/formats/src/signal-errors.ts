/** Codes of traffic signals: errors in matrices and plans, each with where, what and why in its details (specs/signals.md). */

import { entry } from './error-entry.ts';

export const SIGNAL_ERRORS = {
  SIGNALS_DAMAGED: entry(
    500,
    1,
    'The file in which the device keeps its matrix and plans is not whole',
    'Nothing while the city can be reached: it gives them again, and until then the signals flash',
  ),
  MATRIX_PHASE_UNKNOWN: entry(400, 1, 'The matrix pairs a phase that it does not list', 'List the phase, or remove the pair'),
  MATRIX_FLASH_INVALID: entry(
    400,
    1,
    'While the signals flash, two streams that conflict would both see yellow, or one would that is no main road',
    'Let the side roads flash red',
  ),
  MATRIX_CLEARANCE_LONG: entry(
    400,
    1,
    'The last vehicle would need a red clearance of more than six seconds',
    'Check the width and the speed; move the stop line, or signal the parts of the junction apart',
  ),
  PLANS_MATRIX_OTHER: entry(
    409,
    1,
    'The plans were made for another version of the matrix',
    'Check them against the matrix in force and sign them again with its digest',
  ),
  PLANS_TIMING_PHASES: entry(
    400,
    1,
    'The timings are not those of the phases of the matrix',
    'Give one timing for each phase: green, yellow and red to vehicles, walk, clearance and buffer to people on foot',
  ),
  PLANS_LOCAL_INVALID: entry(
    400,
    1,
    'The plan for a lost link is missing or is no ordinary plan',
    'Name an ordinary plan of this document as `local`',
  ),
  YELLOW_OUT_OF_RANGE: entry(400, 1, 'A yellow is shorter than its approach needs, or too long', 'Use a value in the range'),
  RED_CLEARANCE_OUT_OF_RANGE: entry(
    400,
    1,
    'A red clearance is shorter than the last vehicle needs, or too long',
    'Use a value in the range',
  ),
  GREEN_MINIMUM_OUT_OF_RANGE: entry(
    400,
    1,
    'A minimum green is outside the range of its class of road',
    'Use a value in the range',
  ),
  WALK_SHORT: entry(400, 1, 'A walk is too short', 'Give at least 7 s, and 4 s where an emergency vehicle cuts it short'),
  PEDESTRIAN_CLEARANCE_SHORT: entry(
    400,
    1,
    'Somebody who stepped off at the end of walk would not get across',
    'Give the width at 3.5 feet a second, and at least 3 s of buffer behind it',
  ),
  DETECTOR_TARGET_INVALID: entry(
    400,
    1,
    'A detector serves a phase or plan that is not there or not of its kind',
    'Loops serve phases of vehicles, buttons crossings, and priority inputs a plan for trams or emergencies',
  ),
  PLAN_PHASE_UNKNOWN: entry(400, 1, 'A stage names a phase that the matrix does not list', 'Name phases of the matrix'),
  PLAN_CONFLICT: entry(
    400,
    1,
    'A stage would show green to two phases that are not declared compatible',
    'Put them into different stages; only a new matrix, signed by two engineers, can allow both',
  ),
  PLAN_CYCLE_WRONG: entry(400, 1, 'The stages do not add up to the cycle', 'Correct the durations or the cycle'),
  PLAN_OFFSET_RANGE: entry(400, 1, 'An offset is not within the cycle', 'Give the offset from 0 to below the cycle'),
  PLAN_STAGE_SHORT: entry(
    400,
    1,
    'A phase would not get its minimum before its stage ends',
    'Lengthen the stage: minimum green or walk, and all that clears it, must fit',
  ),
  PLAN_STAGE_COUNT: entry(
    400,
    1,
    'A plan has the wrong number of stages',
    'Ordinary plans have two or more; a plan for trams or emergencies has the one stage that it holds, at most three minutes',
  ),
  PLAN_PHASE_UNSERVED: entry(400, 1, 'An ordinary plan never serves a phase', 'Give every phase of the matrix a stage'),
  PLAN_UNKNOWN: entry(404, 1, 'The signed plans have no plan of this number for this use', 'Choose one of the approved plans'),
  ENGINEERS_FEW: entry(
    403,
    4,
    'In this zone one person alone could change which streams are green together',
    'Replace the key set by one whose higher threshold is at least two',
  ),
  MONITOR_TRIPPED: entry(
    409,
    1,
    'The conflict monitor keeps the intersection at flash',
    'Send somebody: it is reset on site, after the cause was found',
  ),
  RSMP_INVALID: entry(
    400,
    1,
    'The message is no RSMP command request that can be read',
    'Send CommandRequest with its arguments as in the signal exchange list',
  ),
  RSMP_REFUSED: entry(
    403,
    4,
    'This RSMP command would reach past the signed plans',
    'Only M0001 (yellow flash, normal control), M0002 and M0005 become orders; lamps, inputs and times are never set from outside',
  ),
} as const;
