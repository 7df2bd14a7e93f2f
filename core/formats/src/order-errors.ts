/** Codes of zones and of orders to machines. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const ORDER_ERRORS = {
  KEY_SET_THRESHOLD: entry(
    400,
    3,
    'The thresholds of a zone\u2019s key set do not fit its keys',
    'Use 1 ≤ threshold ≤ dangerousThreshold ≤ number of keys',
  ),
  SIGNATURES_FEW: entry(
    403,
    3,
    'Too few order keys of the zone signed this',
    'Collect the signatures of as many different keys as the zone asks for',
  ),
  ZONE_EXISTS: entry(409, 1, 'The zone exists already', 'Change it, or choose a fresh random id'),
  ZONE_UNKNOWN: entry(404, 1, 'No such zone', 'See the zones of the city'),
  ZONE_FOREIGN: entry(400, 1, 'This is meant for another zone', 'Sign it for this zone'),
  ZONE_FULL: entry(409, 1, 'The zone would have too many devices, or models of device', 'Create another zone for some of them'),
  DOMAIN_UNKNOWN: entry(400, 1, 'No such domain of rules', 'Name one that the city has, e.g. lighting or signals'),
  VERSION_NOT_NEXT: entry(409, 1, 'This is not the next version', 'Sign the version after the one in force'),
  ENVELOPE_PREVIOUS: entry(
    409,
    1,
    'The envelope does not follow the one in force',
    'Name SHA-256 of the statement of the envelope in force as previous, zeros for the first',
  ),
  DANGER_UNDECLARED: entry(
    400,
    1,
    'The envelope does not call dangerous what its domain does',
    'Add the command to its dangerous ones',
  ),
  DIRECTION_UNSAFE: entry(
    403,
    4,
    'This direction is not safe whatever is known',
    'Only what domain and envelope declare safe needs no quorum; issue an ordinary order',
  ),
  DOCUMENT_UNKNOWN: entry(400, 1, 'The domain of the zone has no such document', 'See the domain for the names of its documents'),
  DEVICE_IN_ZONE: entry(409, 1, 'The device belongs to a zone already', 'Remove it from that zone first'),
  DEVICE_NOT_IN_ZONE: entry(409, 1, 'The device does not belong to this zone', 'Add it to the zone, or name its own'),
  COMMAND_UNKNOWN: entry(
    400,
    1,
    'The device, its model or its domain knows no such command',
    'See what the model was described to do',
  ),
  ARGUMENT_RANGE: entry(
    400,
    1,
    'An argument of the command is out of range, or their number is wrong',
    'Keep within what the model was described to do',
  ),
  ZONE_KEYS_VERSION: entry(
    409,
    1,
    'The order was signed for another key set of the zone',
    'Sign it anew with the keys in force, under the version that is named',
  ),
  ZONE_ENVELOPE_VERSION: entry(
    409,
    1,
    'The order was signed for another envelope of the zone',
    'Look at the envelope in force, then sign the order anew',
  ),
  LIFETIME_TOO_LONG: entry(
    400,
    1,
    'The order would be good for longer than the envelope allows',
    'Give it a shorter lifetime; people who need longer sign again',
  ),
  ORDER_MODE: entry(
    400,
    1,
    'An order of this mode does not belong here',
    'Issue ordinary orders; report break-glass ones after they were given',
  ),
  ORDER_EXISTS: entry(409, 1, 'The ledger has this order already', 'Approve it, or sign one with a fresh nonce'),
  ORDER_UNKNOWN: entry(404, 1, 'No such order is kept', 'Check the id; orders are forgotten an hour after they expired'),
  ORDER_CLOSED: entry(409, 1, 'The order waits for nobody any more', 'See its state; sign a new one for a new challenge'),
  ORDER_COUNT: entry(409, 1, 'The order is for more devices than the zone has', 'Make the tree from devices of the zone'),
  CHALLENGE_SPENT: entry(
    409,
    1,
    'Another order was issued for this challenge before',
    'Ask the device for a new challenge and sign for that one',
  ),
  ORDER_FOREIGN: entry(400, 3, 'The order is for another device', 'Hand it to the device that it names'),
  ORDER_NOT_ISSUED: entry(
    400,
    3,
    'What came with the order does not show that the city issued it',
    'Do not obey it; fetch the order again',
  ),
  POLICY_UNKNOWN: entry(
    400,
    3,
    'The order was vouched for under another policy than the newest one known here',
    'Follow the city\u2019s policy to the newest; what former validators signed orders nothing',
  ),
} as const satisfies Record<string, ErrorEntry>;
