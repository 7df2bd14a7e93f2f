/** What the kit for a device says. */

import type { LanguageCode } from '@oppidum/pages/languages';
import type { CopyWords } from '../maker/copy-block.tsx';
import { arabicKit } from './texts-ar.ts';
import { englishKit } from './texts-en.ts';
import { estonianKit } from './texts-et.ts';
import { chineseKit } from './texts-zh.ts';

export type KitTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly whatHeading: string;
  readonly model: string;
  readonly ownModel: string;
  readonly type: string;
  readonly modelName: string;
  readonly label: string;
  readonly sensor: string;
  readonly unit: string;
  readonly value: string;
  readonly plainHint: string;
  readonly keyHeading: string;
  readonly keyChoice: string;
  readonly keyThere: string;
  readonly keyThereHint: string;
  readonly keyHere: string;
  readonly keyHereHint: string;
  readonly makeKey: string;
  readonly saveKey: string;
  readonly keySaved: string;
  readonly publicKey: string;
  readonly publicKeyHint: string;
  readonly publicKeyWrong: string;
  readonly deviceId: string;
  readonly code: string;
  readonly codeHint: string;
  readonly programHeading: string;
  readonly language: string;
  readonly programFile: string;
  readonly programRun: string;
  readonly programHints: Readonly<Record<'node' | 'mqtt' | 'python' | 'shell' | 'browser', string>>;
  readonly untilLetIn: Readonly<Record<'waits' | 'again', string>>;
  readonly openDevicePage: string;
  readonly policyNote: string;
  readonly keysUnproven: string;
  readonly noProgram: string;
  readonly letInHeading: string;
  readonly letInOwn: string;
  readonly letInModel: string;
  readonly letInHere: string;
  readonly letInElsewhere: string;
  readonly letInElsewhereHint: string;
  readonly letInDone: string;
  readonly proofMissing: string;
  readonly wantsPublicKey: string;
  readonly firstHeading: string;
  readonly steps: Readonly<Record<'seen' | 'active' | 'reading', string>>;
  readonly stepStates: Readonly<Record<'done' | 'waiting', string>>;
  readonly openDevice: string;
  readonly openReading: string;
} & CopyWords;

export const TEXTS: Readonly<Record<LanguageCode, KitTexts>> = {
  en: englishKit,
  et: estonianKit,
  zh: chineseKit,
  ar: arabicKit,
};
