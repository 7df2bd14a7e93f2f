/** The part of the catalogue that the HTTP door gives before anything is asked of the city: keys, rights, and how a request must look. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const ACCESS_ERRORS = {
  API_KEY_COUNT: entry(
    409,
    1,
    'There are as many keys as this city keeps',
    'Give one key to a program, not one to each request; revoked keys count, too',
  ),
  API_KEY_EXPIRED: entry(401, 4, 'This API key is past its time', 'Have a new one made with `oppidum key create`'),
  API_KEY_IN_ADDRESS: entry(
    400,
    4,
    'An API key stands in the address of a request, where logs and histories keep it',
    'Revoke this key, and send the next one as `Authorization: Bearer …`',
  ),
  API_KEY_INVALID: entry(401, 4, 'This is no API key of this city', 'Send the key whole, as `Authorization: Bearer opk_…`'),
  API_KEY_MISSING: entry(
    401,
    4,
    'This needs an API key',
    'Have one made with `oppidum key create`, and send it as `Authorization: Bearer …`',
  ),
  API_KEY_REVOKED: entry(401, 4, 'This API key was revoked', 'Have a new one made with `oppidum key create`'),
  API_KEY_RIGHT: entry(403, 4, 'The API key does not have the right to do this', 'Use a key that was made with this right'),
  API_KEY_SCOPE: entry(
    403,
    4,
    'The API key is for other devices',
    'Name a device the key is for, or use a key that is not limited to devices',
  ),
  API_KEY_UNKNOWN: entry(404, 1, 'No API key has this id', 'See `oppidum key list`'),
  ENCODING_UNSUPPORTED: entry(415, 2, 'Compressed bodies are not read here', 'Send the body as it is'),
  HEAD_TOO_LARGE: entry(431, 2, 'The head of the request is too large', 'Send fewer or shorter headers'),
  IDEMPOTENCY_KEY_BUSY: entry(
    409,
    5,
    'The first request with this Idempotency-Key is not answered yet',
    'Send it again a little later',
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    422,
    1,
    'Another request had this Idempotency-Key',
    'Take a fresh one for each new request; keep it for sending the same one again',
  ),
  METHOD_WRONG: entry(405, 2, 'This address does not take this method', 'Use one of those that the header `allow` names'),
  REQUEST_TOO_SLOW: entry(408, 5, 'The request took too long to arrive', 'Send it again at once and whole'),
} as const satisfies Record<string, ErrorEntry>;
