/** The words for verdicts (one per verification), each with a plain sentence and what to do. Same in CLI, page, SDK and API. */

type VerdictEntry = { readonly color: 'green' | 'amber' | 'red'; readonly means: string; readonly action: string };

function verdict(color: VerdictEntry['color'], means: string, action: string): VerdictEntry {
  return { color, means, action };
}

export const VERDICTS = {
  OK: verdict('green', 'Proven: everything this evidence claims follows from your policy file', 'Nothing to do'),
  NOT_OURS: verdict(
    'red',
    'This evidence is about another city than your policy file',
    'Use the policy file of that city, from a source you trust',
  ),
  UNREADABLE: verdict('red', 'This is not a well-formed evidence file', 'Fetch it again; do not trust this copy'),
  UNSUPPORTED_VERSION: verdict('red', 'This evidence has a version that this verifier does not know', 'Use a newer verifier'),
  HASH_MISMATCH: verdict(
    'red',
    'A hash does not match the data beside it: something was altered',
    'Do not trust this copy; fetch the evidence again',
  ),
  SIGNATURE_INVALID: verdict('red', 'A signature does not verify: altered data or a forged signature', 'Do not trust this data'),
  KEY_UNKNOWN: verdict(
    'red',
    'The key that should have signed is not on the ledger',
    'Do not trust this data; ask who registered the device',
  ),
  KEY_REVOKED: verdict('red', 'The key was no longer in force when this was anchored', 'Do not trust this data'),
  EXPIRED: verdict('red', 'It was past its time', 'Ask for a current one'),
  NOT_YET_VALID: verdict('red', 'It was not yet in force at that time', 'Ask when it comes into force'),
  REVOKED: verdict('red', 'The device, its model or its maker was suspended or revoked at that time', 'Do not trust this data'),
  STATUS_UNKNOWN_OFFLINE: verdict('amber', 'The present status cannot be known offline', 'Check again with a connection'),
  POLICY_STALE: verdict(
    'amber',
    'Proven under a former policy of this city, not under the newest',
    'Run `oppidum evidence refresh`',
  ),
  NOT_IN_LOG: verdict('red', 'The log that your policy trusts does not contain this', 'Do not trust this data'),
  LOG_INCONSISTENT: verdict(
    'red',
    'Two statements of one log contradict each other',
    'Keep both files: they prove misbehaviour. Report them',
  ),
  QUORUM_MISSING: verdict(
    'red',
    'Too few of the city\u2019s validators cosigned',
    'Wait for a cosigned checkpoint; do not trust this one',
  ),
  WITNESS_MISSING: verdict(
    'red',
    'The validators cosigned, but not the outside witnesses your policy demands',
    'Fetch it again later, or ask why witnesses are silent',
  ),
  FORK_PROVEN: verdict(
    'red',
    'Proven: a key of this city signed two histories that contradict each other',
    'Keep this file and give it to others; whose key it is may not decide with the city any more. Report it with `oppidum validator report-fork`',
  ),
  FORK_UNPROVEN: verdict('red', 'This shows no contradiction: nothing is proven against anybody', 'Do not accuse anybody by it'),
  ERASED: verdict(
    'amber',
    'The reading was erased; what remains proves that it existed and that its erasure was recorded',
    'Nothing to do',
  ),
} as const satisfies Record<string, VerdictEntry>;

export type Verdict = keyof typeof VERDICTS;
