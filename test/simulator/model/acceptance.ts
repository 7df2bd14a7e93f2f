/**
 * What a device asks of an order before it obeys, as a table in the order of specs/orders.md §7. The model runs on it; a test holds it and
 * the code of the device together, fact by fact.
 */

/** What is so with a message, said without bytes. */
export type Facts = {
  readonly city: 'mine' | 'other';
  readonly zone: 'mine' | 'other';
  readonly target: 'mine' | 'other';
  readonly keySet: 'pinned' | 'former';
  readonly envelope: 'pinned' | 'former';
  /** Valid signatures of different keys of the pinned set, and how many the command needs. */
  readonly signatures: number;
  readonly need: number;
  readonly isTooLong: boolean;
  readonly isGlass: boolean;
  readonly isSafe: boolean;
  /** Enough validators vouch that the ledger issued it. */
  readonly isIssued: boolean;
  readonly challenge: 'open' | 'void';
  readonly isLate: boolean;
  readonly isVetoed: boolean;
};

export type AcceptanceRule = { readonly code: string; readonly refuses: (facts: Facts) => boolean };

export const ACCEPTANCE: readonly AcceptanceRule[] = [
  { code: 'WRONG_CITY', refuses: ({ city }) => city !== 'mine' },
  { code: 'ZONE_FOREIGN', refuses: ({ zone }) => zone !== 'mine' },
  { code: 'ORDER_FOREIGN', refuses: ({ target }) => target !== 'mine' },
  { code: 'ZONE_KEYS_VERSION', refuses: ({ keySet }) => keySet !== 'pinned' },
  { code: 'SIGNATURES_FEW', refuses: ({ signatures }) => signatures < 1 },
  { code: 'ZONE_ENVELOPE_VERSION', refuses: ({ envelope }) => envelope !== 'pinned' },
  { code: 'SIGNATURES_FEW', refuses: ({ signatures, need }) => signatures < need },
  { code: 'LIFETIME_TOO_LONG', refuses: ({ isTooLong }) => isTooLong },
  { code: 'DIRECTION_UNSAFE', refuses: ({ isGlass, isSafe }) => isGlass && !isSafe },
  { code: 'QUORUM_MISSING', refuses: ({ isGlass, isIssued }) => !isGlass && !isIssued },
  { code: 'CHALLENGE_SPENT', refuses: ({ challenge }) => challenge !== 'open' },
  { code: 'ORDER_EXPIRED', refuses: ({ isLate }) => isLate },
  { code: 'VETO', refuses: ({ isVetoed }) => isVetoed },
];

/** The code of the first rule that refuses, or null: the device obeys. */
export function firstRefusal(rules: readonly AcceptanceRule[], facts: Facts): string | null {
  return rules.find(({ refuses }) => refuses(facts))?.code ?? null;
}

/** What a machine answers, signed: it was proven, and is not obeyed now. Of what is not proven nothing is said to anybody. */
export function isTold(code: string): boolean {
  return ['CHALLENGE_SPENT', 'ORDER_EXPIRED', 'VETO'].includes(code);
}
