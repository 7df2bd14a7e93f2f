/** What the console says of decisions: proposals, requests to sign them, and the answers. */

import type { LanguageCode } from '@oppidum/pages/languages';
import { arabicTexts } from './texts-ar.ts';
import { englishTexts } from './texts-en.ts';
import { estonianTexts } from './texts-et.ts';
import { chineseTexts } from './texts-zh.ts';

/** Acts that a request can be prepared for here, by the body that must decide or the role that may act. */
export type PreparedKind =
  | 'role/grant'
  | 'role/revoke'
  | 'account/close'
  | 'body/change'
  | 'parameter/set'
  | 'device/decide-appeal'
  | 'model/revoke'
  | 'manufacturer/revoke'
  | 'device/suspend'
  | 'device/revoke';

export type DecisionTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly openHeading: string;
  readonly closedHeading: string;
  readonly none: string;
  readonly columns: Readonly<Record<'does' | 'body' | 'approvals' | 'until' | 'state', string>>;
  readonly states: Readonly<Record<'open' | 'executed' | 'withdrawn' | 'rejected' | 'expired', string>>;
  readonly proposalHeading: string;
  readonly does: string;
  readonly told: string;
  readonly dangerous: string;
  readonly calls: string;
  readonly approvedBy: string;
  readonly rejectedBy: string;
  /** How many rejections end a proposal. */
  readonly enough: string;
  readonly missing: string;
  readonly proposer: string;
  readonly created: string;
  readonly block: string;
  readonly back: string;
  readonly approveHeading: string;
  readonly approveHelp: string;
  readonly approve: string;
  readonly reject: string;
  /** Of a rejection. */
  readonly why: string;
  readonly withdraw: string;
  readonly newHeading: string;
  readonly newHelp: string;
  readonly act: string;
  readonly choose: string;
  readonly kinds: Readonly<Record<PreparedKind, string>>;
  readonly byCouncil: string;
  readonly byOperator: string;
  readonly fields: Readonly<
    Record<
      | 'account'
      | 'role'
      | 'body'
      | 'threshold'
      | 'members'
      | 'parameter'
      | 'value'
      | 'model'
      | 'manufacturer'
      | 'device'
      | 'reason'
      | 'evidence'
      | 'outcome',
      string
    >
  >;
  /** Of an appeal. */
  readonly outcomes: Readonly<Record<'confirmed' | 'reversed', string>>;
  readonly openDays: string;
  readonly signer: string;
  readonly signerKey: string;
  readonly handIn: string;
  readonly handInNow: string;
  /** With {hours}. */
  readonly handInLater: string;
  readonly prepare: string;
  readonly preparing: string;
  readonly fieldInvalid: string;
  readonly requestHeading: string;
  readonly requestHelp: string;
  readonly requestSays: string;
  readonly unpinned: string;
  readonly notSignable: string;
  readonly save: string;
  readonly signerPage: string;
  readonly codesHeading: string;
  readonly tooManyCodes: string;
  readonly orCommand: string;
  readonly waitingHeading: string;
  readonly waitingHelp: string;
  readonly forget: string;
  readonly answerHeading: string;
  readonly answerHelp: string;
  readonly answerFile: string;
  readonly answerText: string;
  readonly take: string;
  readonly answerOther: string;
  readonly answerUnreadable: string;
  readonly codesMissing: string;
  readonly othersMissing: string;
  /** With {from} and {to}. */
  readonly window: string;
  /** With {time}. */
  readonly tooEarly: string;
  readonly expired: string;
  readonly sending: string;
  readonly executed: string;
  readonly proposalExecuted: string;
  readonly approvalCounted: string;
  readonly rejectionCounted: string;
  readonly proposalFailed: string;
  readonly refused: string;
  readonly lost: string;
  readonly storageBlocked: string;
};

export const TEXTS: Readonly<Record<LanguageCode, DecisionTexts>> = {
  en: englishTexts,
  et: estonianTexts,
  zh: chineseTexts,
  ar: arabicTexts,
};
