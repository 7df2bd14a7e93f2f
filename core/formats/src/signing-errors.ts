/** The part of the catalogue about signing apart from the city: key files under a passphrase, requests and their answers. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const SIGNING_ERRORS = {
  ACCOUNT_KEY_INVALID: entry(
    400,
    3,
    'This is no account key under a passphrase',
    'Give the file that the signing page or `oppidum account lock-key` wrote, whole',
  ),
  ACCOUNT_KEY_COST: entry(
    400,
    3,
    'The work that this key file asks for is outside of what is allowed',
    'Lock the key again; scrypt takes from 2^17 to 2^20 rounds here',
  ),
  ANSWER_OTHER: entry(
    400,
    3,
    'This answer signs something else than was asked',
    'Hand it in where its request was prepared, or prepare a new one',
  ),
  CITY_NOT_PINNED: entry(
    403,
    4,
    'Nothing here says which city this key is for',
    'Give the policy of your city, or lock the key together with it',
  ),
  PASSPHRASE_SHORT: entry(
    400,
    2,
    'The passphrase is too short',
    'Take at least 12 characters, better six random words; nothing else protects a key file that somebody copied',
  ),
  PASSPHRASE_WRONG: entry(403, 4, 'The passphrase does not open this key file', 'Type it again; nobody can restore it'),
  PROPOSAL_UNPROVEN: entry(
    403,
    3,
    'Nothing proves what this proposal does',
    'Prepare the request anew, with evidence of the proposal under the policy you trust',
  ),
  REQUEST_TOO_FAR: entry(
    403,
    4,
    'The signature would stay good for too long',
    'Prepare a request that is to be handed in within 31 days, and check the clock of this machine',
  ),
  SIGNING_KEY_OTHER: entry(
    403,
    4,
    'This key is not one that the request asks for',
    'Take the key file of the account that is asked, or prepare a request for this one',
  ),
} as const satisfies Record<string, ErrorEntry>;
