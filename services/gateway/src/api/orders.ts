/** Orders and zones in JSON. Ids, keys and hashes in hex, bytes in base64, times milliseconds since 1970. */

import { z } from 'zod';

const whole = () => z.int().nonnegative();

/** A challenge that is known now. */
export const challengeTaken = z.object({
  /** The rising number of the newest challenge. */
  number: whole(),
});
