/** Codes about how far devices are believed: trustees, vouchers, attestation, firmware, marks of auditors. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const TRUST_ERRORS = {
  TRUSTEES_REQUIRED: entry(
    403,
    4,
    'This city has trustees, and they alone admit makers of devices',
    'Put it in a proposal to the body of the trustees; two thirds of them approve',
  ),
  TRUSTEES_THRESHOLD: entry(
    409,
    1,
    'Trustees decide by two thirds of their number, rounded up',
    'Give the body the threshold that the refusal names',
  ),
  VOUCHER_SPENT: entry(
    409,
    4,
    'This link of the voucher was extended already: the device was sold',
    'Ask its present owner; a link is extended once',
  ),
  VOUCHER_UNKNOWN: entry(
    404,
    1,
    'The voucher of the device has no such link',
    'Let its maker vouch for it first, or name a link it has',
  ),
  ATTESTATION_MISSING: entry(
    403,
    4,
    'Devices of this model have to attest what they are before they are activated',
    'Send a token for the present challenge in the same transaction, before the activation',
  ),
  ATTESTATION_UNASKED: entry(409, 1, 'Nobody asks devices of this model to attest anything', 'Nothing is to be done'),
  ATTESTATION_CLAIM: entry(
    403,
    4,
    'A claim of the token is missing or is not what is asked of this model',
    'See which claim; a new token answers the present challenge and names this device',
  ),
  FIRMWARE_EXISTS: entry(409, 1, 'This image is permitted already', 'Nothing is to be done'),
  FIRMWARE_UNKNOWN: entry(404, 1, 'Nobody permitted this image for the model', 'Compare the digest, or permit the image first'),
  FIRMWARE_WITHDRAWN: entry(409, 4, 'This image was withdrawn, which is for good', 'Make a new image, and permit that'),
  FIRMWARE_PROOF_OLD: entry(
    409,
    3,
    'A newer state of the ledger was proven before: this proof may hide that the image was withdrawn',
    'Get evidence of the newest state',
  ),
  FIRMWARE_OLDER: entry(
    409,
    4,
    'This image was permitted before the one that runs',
    'Take a newer one; to go back, its maker builds the old version as a new image',
  ),
  FIRMWARE_REPORT_OLD: entry(
    409,
    1,
    'The ledger has this or a newer report of the device about its firmware',
    'Sign a report with a higher number; where somebody used up the highest, give the device its next key',
  ),
  REPORT_FOREIGN: entry(
    400,
    3,
    'This is no report of this device: it is about another one, or has an action that does not prove itself',
    'A device reports its attestation, its activation and its firmware, in this order, and nothing else',
  ),
  REPORT_UNPROVEN: entry(
    504,
    5,
    'The city took the report of the device, and does not prove that the ledger has it',
    'Send it again, by another gateway where there is one',
  ),
  TUF_INVALID: entry(
    400,
    3,
    'This is no metadata of The Update Framework',
    'See which file and why; get the repository from the maker, and pin the root from a source you trust',
  ),
  TUF_THRESHOLD: entry(
    403,
    3,
    'Too few keys of the role signed this metadata of The Update Framework',
    'Get it anew from the maker; do not take what is in it',
  ),
  TUF_EXPIRED: entry(
    410,
    3,
    'This metadata of The Update Framework is expired: something newer may be held back',
    'Get the newest from the maker, and see that your clock is right',
  ),
  TUF_ROLLBACK: entry(
    409,
    3,
    'This metadata of The Update Framework is older than what was seen before',
    'Get the newest from the maker; somebody offers old images',
  ),
  TUF_MIXED: entry(
    409,
    3,
    'These files of The Update Framework do not belong together',
    'Get the whole repository anew from the maker',
  ),
  TUF_TARGET_UNKNOWN: entry(
    404,
    1,
    'No role that may name this target does',
    'Compare the path; a role that was delegated other paths is not asked for this one',
  ),
  CASE_COUNTED: entry(409, 1, 'Enough auditors marked the device for this evidence: it counts already', 'Nothing is to be done'),
  CASE_UNKNOWN: entry(404, 1, 'No mark for this evidence counts against the device', 'Compare the digest of the evidence'),
  MARK_EXISTS: entry(409, 1, 'This auditor marked the device for this evidence already', 'Let another auditor look at it'),
  APPEAL_EXISTS: entry(409, 1, 'An appeal against this mark was made already', 'Wait until the council decides it'),
  APPEAL_UNKNOWN: entry(404, 1, 'Nobody appealed against this mark', 'Its owner appeals first'),
  APPEAL_DECIDED: entry(409, 1, 'The council decided this appeal already', 'Read the outcome on the page of the device'),
} as const satisfies Record<string, ErrorEntry>;
