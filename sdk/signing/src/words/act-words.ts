/** What is said of acts before somebody signs them, in every language. A missing sentence is a type error, and so no page is built. */

import type { ActKind } from '../judge-request.ts';
import type { AlarmFieldName, AlarmWords } from './alarm-words.ts';
import type { OrderFieldName } from './order-words.ts';

/** Names of fields in the bodies of acts. */
export type FieldName =
  | OrderFieldName
  | AlarmFieldName
  | 'id'
  | 'account'
  | 'holder'
  | 'name'
  | 'key'
  | 'algorithm'
  | 'publicKey'
  | 'class'
  | 'keyNumber'
  | 'role'
  | 'threshold'
  | 'members'
  | 'value'
  | 'policy'
  | 'body'
  | 'expiresMs'
  | 'manufacturer'
  | 'deviceType'
  | 'personal'
  | 'simulated'
  | 'reason'
  | 'model'
  | 'grade'
  | 'label'
  | 'devices'
  | 'proof'
  | 'oldProof'
  | 'newProof'
  | 'number'
  | 'logKey'
  | 'validators'
  | 'consensusKey'
  | 'version'
  | 'height'
  | 'receiptKey'
  | 'operator'
  | 'device'
  | 'decimals'
  | 'root'
  | 'count'
  | 'legalBasis'
  | 'commands'
  | 'parameters'
  | 'min'
  | 'max'
  | 'unit'
  | 'sensors'
  | 'owner'
  | 'link'
  | 'keys'
  | 'claims'
  | 'oemid'
  | 'hwmodel'
  | 'swname'
  | 'swversion'
  | 'oemboot'
  | 'dbgstat'
  | 'token'
  | 'digest'
  | 'size'
  | 'metadata'
  | 'counter'
  | 'evidence'
  | 'penalty'
  | 'outcome';

/** Texts that a field may only take from a list. */
export type ChoiceName =
  | keyof AlarmWords['choices']
  | 'organisation'
  | 'person'
  | 'service'
  | 'everyday'
  | 'full'
  | 'device'
  | 'bridge'
  | 'imported'
  | 'registrar'
  | 'operator'
  | 'data-protection'
  | 'auditor'
  | 'confirmed'
  | 'reversed'
  | 'consent-withdrawn'
  | 'objection'
  | 'unlawful'
  | 'legal-obligation'
  | 'purpose-ended'
  | 'request';

export type ActWords = {
  readonly yes: string;
  readonly no: string;
  /** One sentence each, without its stop; fields stand in braces. */
  readonly acts: Readonly<Record<ActKind, string>>;
  /** What is dangerous about it, with its stop. */
  readonly risks: Readonly<Partial<Record<ActKind, string>>>;
  readonly fields: Readonly<Record<FieldName, string>>;
  readonly choices: Readonly<Record<ChoiceName, string>>;
};
