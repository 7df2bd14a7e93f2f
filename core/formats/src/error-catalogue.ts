/**
 * The words behind every code: what it means, its HTTP status, its exit code and what to do next.
 * Exit codes: 1 failed, 2 usage, 3 verification failed, 4 not allowed, 5 unavailable.
 */

type ErrorEntry = { readonly message: string; readonly httpStatus: number; readonly exitCode: number; readonly action: string };

function entry(httpStatus: number, exitCode: number, message: string, action: string): ErrorEntry {
  return { message, httpStatus, exitCode, action };
}

export const ERRORS = {
  // Bytes and text
  TRUNCATED: entry(400, 3, 'The data ends too early', 'Send all of it'),
  TRAILING_BYTES: entry(400, 3, 'Bytes follow where the data should end', 'Send exactly one item'),
  TOO_LARGE: entry(413, 3, 'The data exceeds its size limit', 'Split it, see the limits in the specification'),
  TOO_DEEP: entry(400, 3, 'The data is nested too deeply', 'Flatten it'),
  NOT_CANONICAL: entry(400, 3, 'The data is not in its one canonical spelling', 'Encode it deterministically'),
  DUPLICATE_KEY: entry(400, 3, 'A map holds the same key twice', 'Give each key once'),
  UNSORTED: entry(400, 3, 'Items are not in their required order', 'Sort them bytewise'),
  UNKNOWN_FIELD: entry(400, 3, 'A field is not part of this format', 'Remove it or use the matching version'),
  MISSING_FIELD: entry(400, 3, 'A required field is missing', 'Add it'),
  WRONG_TYPE: entry(400, 3, 'A value has the wrong type', 'See the CDDL in the specification'),
  NUMBER_RANGE: entry(400, 3, 'A number is outside its range', 'Use a value inside the range'),
  LENGTH_WRONG: entry(400, 3, 'A value has the wrong length', 'Use the length the format demands'),
  TEXT_INVALID: entry(400, 3, 'A text is not in its one valid form', 'Use the form the specification gives'),
  VERSION_UNSUPPORTED: entry(400, 3, 'This version of the format is not known here', 'Use a newer Oppidum'),
  SENML_FOREIGN_NAME: entry(400, 3, 'A record does not name a sensor of the device that signed', 'Begin every name with the URN of the device'),
  SENML_LABEL_UNKNOWN: entry(400, 3, 'A SenML label that must be understood is not', 'Use a newer Oppidum or leave the label out'),
  SENML_NAME_INVALID: entry(400, 3, 'A SenML name is empty or has characters that RFC 8428 does not allow', 'Use letters, digits and - : . / _ and begin with a letter or digit'),
  SENML_TIME_RELATIVE: entry(400, 3, 'The time of a record is relative to now, which nobody knows later', 'Send absolute times: seconds since 1970'),
  SENML_VALUE_COUNT: entry(400, 3, 'A SenML record has not exactly one value', 'Give one of v, vs, vb, vd'),
  SENML_VERSION: entry(400, 3, 'The SenML version is newer than 10 or not the same in all records', 'Send version 10'),
  UNSUPPORTED_TYPE: entry(400, 3, 'This CBOR type is not used by any format here', 'Use the types of the specification'),
  // Keys, signatures, policies
  KEY_INVALID: entry(400, 3, 'This is not a usable public key', 'Use a canonical Ed25519 or compressed P-256 key'),
  KEY_UNKNOWN: entry(404, 3, 'This key is not on the ledger', 'Register the key first'),
  KEY_REVOKED: entry(403, 3, 'This key was no longer in force', 'Sign with a key in force'),
  KEY_IN_USE: entry(409, 1, 'This key already speaks for somebody', 'Make a fresh key'),
  KEY_CLASS_TOO_LOW: entry(403, 4, 'An everyday key may not do this', 'Sign with a full key'),
  SIGNATURE_INVALID: entry(400, 3, 'A signature does not verify', 'Do not trust the data; sign exactly these bytes with the named key'),
  SIGNATURE_MISSING: entry(400, 3, 'A listed signer did not sign', 'Collect every signature'),
  SIGNATURE_DUPLICATE: entry(400, 3, 'One signer signed twice', 'Keep one signature per signer'),
  SIGNATURE_ORDER: entry(400, 3, 'Signatures are not in the order of the signers', 'Sort them by account id'),
  SIGNER_UNEXPECTED: entry(400, 3, 'Somebody signed who is not a listed signer', 'List the signer or drop the signature'),
  LOG_UNKNOWN: entry(400, 3, 'The policy does not know the log that this checkpoint names', 'Use the policy file of that log, from a source you trust'),
  POLICY_INVALID: entry(400, 3, 'This policy breaks a rule of city policies', 'See specs/notes-and-policy.md'),
  POLICY_KEY_TWICE: entry(400, 3, 'Two lines of the policy have the same key', 'Give every log and every witness a key of its own'),
  POLICY_MALFORMED: entry(400, 3, 'A line of the policy cannot be read', 'Write it as C2SP tlog-policy defines it'),
  POLICY_MEMBER_TWICE: entry(400, 3, 'A name is a member of a policy group twice', 'List every name in one group, once'),
  POLICY_NAME_TWICE: entry(400, 3, 'A name of the policy is defined twice', 'Choose another name; `none` is taken'),
  POLICY_NAME_UNKNOWN: entry(400, 3, 'The policy has no such name', 'Define witnesses and groups before the lines that use them'),
  POLICY_QUORUM: entry(400, 3, 'A policy has exactly one quorum line', 'Write one'),
  POLICY_THRESHOLD: entry(400, 3, 'The threshold of a policy group can never be met, or asks for nobody', 'Use at least 1 and at most the number of members'),
  QUORUM_MISSING: entry(400, 3, 'Too few of the policy\u2019s witnesses cosigned this checkpoint', 'Wait for a cosigned one; do not trust this one'),

  // Proofs
  PROOF_LENGTH_WRONG: entry(400, 3, 'The proof has another number of hashes than this claim needs', 'Ask for the proof of exactly this claim'),
  PROOF_MALFORMED: entry(400, 3, 'The proof is not one whole tree', 'Ask for the proof again'),
  ROOT_MISMATCH: entry(400, 3, 'The proof leads to another root', 'Do not trust the claim'),
  STATE_BRANCH_INVALID: entry(400, 3, 'A branch of the proof stands at an impossible bit', 'Do not trust the claim'),
  STATE_HIDDEN: entry(400, 3, 'The proof hides a part that the answer depends on', 'Ask for a proof of exactly this range'),
  STATE_KEY_INVALID: entry(400, 3, 'A key has no known kind, or not the length of its kind', 'Use the key layouts of the specification'),
  STATE_PRUNED: entry(410, 5, 'The state at this height is no longer kept', 'Ask for a newer height or an archive node'),
  STATE_SIDE_WRONG: entry(400, 3, 'A revealed key stands on the wrong side of a branch', 'Do not trust the claim'),

  // Admission
  WRONG_CITY: entry(400, 1, 'This is meant for another city', 'Use the genesis hash of this city'),
  EXPIRED: entry(400, 1, 'It is past its time', 'Sign it again with a later time'),
  NOT_YET_VALID: entry(400, 1, 'Its time lies too far ahead', 'Set it at most 10 minutes ahead and check your clock'),
  REPLAYED: entry(409, 1, 'This transaction was already executed', 'Read its result; use a new nonce for a new one'),
  ACTION_UNKNOWN: entry(400, 1, 'No contract knows this kind of action', 'See `oppidum --help` for the kinds of this version'),
  ACCOUNT_UNKNOWN: entry(404, 4, 'No such account', 'Create it first'),
  ACCOUNT_CLOSED: entry(403, 4, 'The account is closed', 'Use another account'),
  ACCOUNT_EXISTS: entry(409, 1, 'The account exists already', 'Choose a fresh random id'),
  NOT_AUTHORIZED: entry(403, 4, 'The signers may not do this', 'Have it signed by the holder of the named role or account'),
  PROPOSAL_REQUIRED: entry(403, 4, 'This is dangerous and needs a decision of the council', 'Put it in a proposal and collect approvals'),
  ALREADY_APPROVED: entry(409, 1, 'These members approved already', 'Let another member approve'),
  BODY_EXISTS: entry(409, 1, 'The body exists already', 'Change it, or choose a fresh random id'),
  BODY_UNKNOWN: entry(404, 1, 'No such body', 'See the bodies of the city'),
  KEY_LAST: entry(409, 1, 'Without this key the account could never change a key again', 'Add another full key first'),
  PARAMETER_UNKNOWN: entry(404, 1, 'No such parameter', 'See specs/ledger.md for the parameters there are'),
  PERSON_NAMED: entry(400, 1, 'A person is never named on the ledger', 'Leave the name out'),
  POLICY_PENDING: entry(409, 1, 'A policy was decided and is not in force yet', 'Propose again after the next block'),
  PROPOSAL_CLOSED: entry(409, 1, 'The proposal was executed or withdrawn', 'Make a new proposal'),
  PROPOSAL_EXISTS: entry(409, 1, 'The proposal exists already', 'Choose a fresh random id'),
  PROPOSAL_EXPIRED: entry(409, 1, 'The proposal is past its time', 'Make a new proposal'),
  PROPOSAL_NESTED: entry(400, 1, 'A proposal cannot decide about proposals', 'Approve or withdraw directly'),
  PROPOSAL_TOO_LONG: entry(400, 1, 'The proposal would wait too long', 'Let it expire sooner'),
  PROPOSAL_UNKNOWN: entry(404, 1, 'No such proposal', 'See the proposals of the city'),
  ROLE_HELD: entry(409, 1, 'The account has this role already', 'Nothing is to be done'),
  ROLE_NOT_HELD: entry(409, 1, 'The account does not have this role', 'Nothing is to be done'),
  ROLE_UNKNOWN: entry(400, 1, 'No such role', 'See specs/ledger.md for the roles there are'),
  GOVERNANCE_DEADLOCK: entry(409, 1, 'Afterwards a body could never decide again', 'Keep at least as many able members as its threshold'),

} as const satisfies Record<string, ErrorEntry>;
