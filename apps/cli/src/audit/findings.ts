/** What an audit finds, in words: what it proves, what it does not, and what to do. */

/**
 * `proven`: anybody can check it offline. `false`: this source is not to be trusted, which proves nothing to others. `open`: not known,
 * or to be expected now and then.
 */
type Weight = 'proven' | 'false' | 'open';

type Entry = { readonly weight: Weight; readonly means: string; readonly action: string };

function entry(weight: Weight, means: string, action: string): Entry {
  return { weight, means, action };
}

/** Each kind of finding; docs/audit.md has the same list. */
export const FINDINGS = {
  FORK_PROVEN: entry(
    'proven',
    'A key of this city signed two histories that contradict each other',
    'Hand the file on: anybody checks it with `oppidum verify`. Put it on the ledger with `oppidum validator report-fork`',
  ),
  HEADS_CONTRADICT: entry(
    'false',
    'Two heads contradict each other, and no key is known to stand under both: one side lies, and this does not show to others which',
    'Keep both; ask further sources for the same heads with other cosignatures',
  ),
  HEAD_FALSE: entry(
    'false',
    'The head it shows is not to be believed under your policy; that it was shown proves nothing to others',
    'Do not trust this source; check that your policy is of this city',
  ),
  TILES_FALSE: entry('false', 'It signs one log and shows another', 'Do not trust this source; keep the head that it showed'),
  POLICY_FALSE: entry('false', 'It shows changes of the policy that do not hold', 'Do not trust this source'),
  HEAD_WITHDRAWN: entry(
    'false',
    'Nobody shows the newest head that was seen before: entries are withheld, or lost',
    'Keep the head that was seen: whatever history comes later must contain it',
  ),
  HEADS_UNCOMPARED: entry(
    'open',
    'Nobody shows how this head and the newest one belong together: they may contradict each other',
    'Ask again later, or name a source that has the whole log',
  ),
  TILES_WITHHELD: entry(
    'open',
    'It does not show the log that its head is of, so this head cannot be compared by it',
    'Ask again; who goes on refusing has something to hide, or a disk that is damaged',
  ),
  POLICY_STALE: entry('open', 'Its head is cosigned under a policy that has a successor', 'It is behind; ask again later'),
  SOURCE_BEHIND: entry(
    'open',
    'Others show a newer head: it is late, or withholds what came since; nothing that it shows is wrong',
    'Ask again later; what stays behind is cut off or withholds',
  ),
  SOURCE_AWAY: entry('open', 'It gave no answer, which proves nothing', 'Check the address and that it runs'),
} as const satisfies Record<string, Entry>;

export type FindingCode = keyof typeof FINDINGS;

export type Finding = {
  readonly code: FindingCode;
  /** Who showed it, as named on the command line; of a contradiction all who showed either head. */
  readonly sources: readonly string[];
  /** What was found, with sizes and names. */
  readonly detail: string;
  /** The proof that was written. */
  readonly file?: string;
  /** The keys that it proves something of. */
  readonly signers?: readonly string[];
};

/** The same finding of another round has the same name. */
export function nameOf({ code, sources, detail, file }: Finding): string {
  const isLasting = FINDINGS[code].weight === 'proven';
  return JSON.stringify(isLasting ? [code, file] : [code, sources, code === 'HEADS_CONTRADICT' ? detail : '']);
}
