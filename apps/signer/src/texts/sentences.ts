/** What the signing page says, in every language. A missing sentence is a type error. */

/** Why something cannot be read or must not be signed, by its code; any other code is told in the catalogue's English. */
export type ProblemCode =
  | 'ACCOUNT_KEY_COST'
  | 'ACCOUNT_KEY_INVALID'
  | 'ACTION_UNKNOWN'
  | 'CITY_NOT_PINNED'
  | 'CODES_MIXED'
  | 'PASSPHRASE_SHORT'
  | 'PASSPHRASE_WRONG'
  | 'PROPOSAL_UNPROVEN'
  | 'REQUEST_TOO_FAR'
  | 'SIGNING_KEY_OTHER'
  | 'TEXT_INVALID'
  | 'TOO_LARGE'
  | 'WRONG_CITY';

export type Sentences = {
  readonly title: string;
  readonly lead: string;
  readonly offline: string;
  readonly language: string;
  readonly requestHeading: string;
  readonly requestHelp: string;
  readonly chooseRequest: string;
  readonly pasteRequest: string;
  readonly paste: string;
  readonly dropHere: string;
  readonly keyHeading: string;
  readonly keyHelp: string;
  readonly chooseKey: string;
  readonly passphrase: string;
  readonly openKey: string;
  readonly opening: string;
  readonly closeKey: string;
  readonly keyChosen: string;
  readonly keyOpen: string;
  readonly publicKey: string;
  readonly keyAccount: string;
  readonly keyNoAccount: string;
  readonly keyCity: string;
  readonly keyNoCity: string;
  readonly policyHeading: string;
  readonly policyHelp: string;
  readonly choosePolicy: string;
  readonly pastePolicy: string;
  readonly policyOf: string;
  readonly policyDigest: string;
  readonly policyCompare: string;
  readonly policyBad: string;
  readonly judgeHeading: string;
  readonly noRequest: string;
  readonly partsMissing: string;
  readonly city: string;
  readonly cityPinned: string;
  readonly cityGiven: string;
  readonly signsFor: string;
  readonly keyNumber: string;
  readonly when: string;
  /** With {from} and {to}. */
  readonly validity: string;
  readonly expired: string;
  readonly early: string;
  readonly transactionId: string;
  readonly actsHeading: string;
  readonly proposalDoes: string;
  readonly proposalWould: string;
  readonly proposalUnknown: string;
  readonly dangerous: string;
  readonly named: string;
  readonly refusedHeading: string;
  readonly unreadable: string;
  readonly needKey: string;
  readonly sign: string;
  readonly answerHeading: string;
  readonly answerHelp: string;
  readonly saveAnswer: string;
  readonly answerText: string;
  readonly answerCodes: string;
  /** With {count}. */
  readonly othersSign: string;
  readonly newHeading: string;
  readonly newHelp: string;
  readonly newAccount: string;
  readonly newPolicy: string;
  readonly newNoPolicy: string;
  readonly repeatPassphrase: string;
  readonly passphrasesDiffer: string;
  readonly accountInvalid: string;
  readonly makeKey: string;
  readonly making: string;
  readonly saveKey: string;
  readonly newMade: string;
  readonly fileUnreadable: string;
  readonly limitsHeading: string;
  readonly limits: string;
  readonly problems: Readonly<Record<ProblemCode, string>>;
};
