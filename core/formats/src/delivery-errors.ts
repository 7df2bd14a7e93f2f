/** Codes of challenges and of orders on their way. */

import { entry } from './error-entry.ts';

export const DELIVERY_ERRORS = {
  CHALLENGE_FOREIGN: entry(
    400,
    3,
    'The challenge is of another device than the one in whose name it was sent',
    'Let each device send its own',
  ),
  CHALLENGE_OLD: entry(
    409,
    1,
    'A newer challenge of this device is known',
    'Send a new challenge, with a number above every one that was used before',
  ),
  CHALLENGE_UNKNOWN: entry(
    404,
    1,
    'This gateway knows no such challenge of the device',
    'Let the device send its newest challenge, or ask the gateway that it is connected to',
  ),
  ORDER_KEY_FOREIGN: entry(
    403,
    4,
    'This key is none of the order keys that are in force in the zone',
    'Sign with a key that `oppidum zone show` lists',
  ),
} as const;
