/** What the console says about people's keys and about acts. A missing sentence is a type error. */

import type { LanguageCode } from '@oppidum/pages/languages';
import { useLanguage } from '../../language.ts';
import type { KeyTrouble } from './key-store.ts';
import type { KeyState, Standing } from './standing.ts';
import { arabicKeys } from './texts/ar.ts';
import { englishKeys } from './texts/en.ts';
import { estonianKeys } from './texts/et.ts';
import { chineseKeys } from './texts/zh.ts';

/** Codes of refusals that have a sentence of their own. */
export type ToldCode =
  | 'OK'
  | 'NOT_AUTHORIZED'
  | 'KEY_CLASS_TOO_LOW'
  | 'KEY_REVOKED'
  | 'KEY_UNKNOWN'
  | 'ACCOUNT_CLOSED'
  | 'ACCOUNT_UNKNOWN'
  | 'DEVICE_SUSPENDED'
  | 'DEVICE_QUARANTINED'
  | 'ORDER_CLOSED'
  | 'DEVICE_NOT_SUSPENDED'
  | 'DEVICE_NOT_ACTIVE'
  | 'DEVICE_REVOKED'
  | 'DEVICE_UNKNOWN'
  | 'WRONG_CITY'
  | 'INVITATION_FOREIGN'
  | 'SIGNATURE_INVALID'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'VERSION_UNSUPPORTED';

export type KeysTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly everydayOnly: string;
  readonly troubles: Readonly<Record<KeyTrouble, string>>;
  readonly otherCity: string;
  readonly none: string;
  readonly make: string;
  readonly keyHeading: string;
  readonly madeOn: string;
  readonly notPersistent: string;
  readonly fingerprint: string;
  readonly fingerprintHint: string;
  readonly requestHeading: string;
  readonly requestSteps: readonly string[];
  readonly requestLabel: string;
  readonly requestCode: string;
  readonly copy: string;
  readonly copied: string;
  readonly save: string;
  readonly invitationHeading: string;
  readonly invitationLabel: string;
  readonly invitationTake: string;
  readonly invitationOther: string;
  readonly replaceAsk: string;
  readonly replaceOthers: string;
  readonly replaceNone: string;
  readonly replaceYes: string;
  readonly replaceNo: string;
  readonly unreadable: string;
  readonly accountHeading: string;
  readonly account: string;
  readonly keyNumber: string;
  readonly keyClass: string;
  readonly classes: Readonly<Record<NonNullable<Standing['keyClass']>, string>>;
  readonly state: string;
  readonly states: Readonly<Record<KeyState, string>>;
  readonly mayHeading: string;
  readonly mayAnybody: string;
  readonly may: Readonly<Record<'registrar' | 'operator' | 'data-protection' | 'auditor', string>>;
  readonly proven: string;
  readonly unproven: string;
  readonly pinFirst: string;
  readonly lookAgain: string;
  readonly toDevices: string;
  readonly lostHint: string;
  readonly forget: string;
  readonly forgetAsk: string;
  readonly forgetYes: string;
  readonly cancel: string;
  readonly inviteHeading: string;
  readonly inviteLead: string;
  readonly inviteLabel: string;
  readonly inviteRead: string;
  readonly inviteCompare: string;
  readonly inviteTyped: string;
  readonly inviteDiffers: string;
  readonly inviteFull: string;
  readonly inviteDone: string;
  readonly inviteCode: string;
  readonly actHeading: string;
  readonly actNeedsKey: string;
  /** Who reports a device key in two places, which no page signs. */
  readonly clones: string;
  readonly actWhat: string;
  readonly acts: Readonly<Record<'suspend' | 'resume' | 'quarantine' | 'revoke', string>>;
  readonly actNone: string;
  readonly reason: string;
  readonly reasonHint: string;
  readonly reasonSize: string;
  readonly preview: string;
  readonly previewHeading: string;
  readonly previewLead: string;
  readonly anew: string;
  readonly city: string;
  readonly validUntil: string;
  readonly signedBy: string;
  readonly transaction: string;
  readonly nameProven: string;
  readonly nameTold: string;
  readonly sign: string;
  readonly back: string;
  readonly sending: string;
  readonly waiting: string;
  readonly lost: string;
  readonly refused: string;
  readonly codes: Readonly<Record<ToldCode, string>>;
  readonly clock: string;
  readonly dangerousHeading: string;
  readonly dangerous: string;
  readonly dangerousPrepare: string;
  readonly dangerousPage: string;
  readonly dangerousCommand: string;
};

const TEXTS: Readonly<Record<LanguageCode, KeysTexts>> = {
  en: englishKeys,
  et: estonianKeys,
  zh: chineseKeys,
  ar: arabicKeys,
};

/** In the language of the page. */
export function useTexts(): KeysTexts {
  return TEXTS[useLanguage().code];
}

/** True for codes with a sentence of their own. */
export function isTold(code: string): code is ToldCode {
  return Object.hasOwn(englishKeys.codes, code);
}
