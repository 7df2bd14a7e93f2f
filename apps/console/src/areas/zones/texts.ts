/** What the console says of zones: who orders there, what is safe, what machines and sensors say now. */

import type { LanguageCode } from '@oppidum/pages/languages';
import { arabicTexts } from './texts-ar.ts';
import { englishTexts } from './texts-en.ts';
import { estonianTexts } from './texts-et.ts';
import { chineseTexts } from './texts-zh.ts';

export type ZoneTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly ordersLink: string;
  readonly none: string;
  readonly columns: Readonly<Record<'name' | 'domain' | 'devices' | 'from', string>>;
  /** By the names of the ledger; another name stands for itself. */
  readonly domains: Readonly<Record<'lighting' | 'signals', string>>;
  readonly back: string;
  readonly more: string;
  readonly first: string;
  readonly keysHeading: string;
  /** With {count}, {threshold} and {dangerous}. */
  readonly keysSay: string;
  readonly key: string;
  readonly publicKey: string;
  /** With {version}. */
  readonly version: string;
  readonly envelopeHeading: string;
  readonly envelopeNote: string;
  readonly envelopeUnreadable: string;
  readonly safe: string;
  readonly safeNone: string;
  readonly dangerous: string;
  readonly dangerousNone: string;
  readonly lifetime: string;
  readonly dangerousLifetime: string;
  readonly range: Readonly<Record<'any' | 'upTo' | 'from' | 'exactly' | 'between', string>>;
  readonly rulesHeading: string;
  readonly rulesNote: string;
  readonly rulesNone: string;
  readonly rule: string;
  readonly command: string;
  readonly needs: string;
  readonly forbidden: string;
  readonly quantity: string;
  /** With {least}, {agree} and {fresh}. */
  readonly quantitySays: string;
  /** With {fresh}, {least}; or with {spread}, {agree}. */
  readonly now: Readonly<Record<'few' | 'apart' | 'speaks', string>>;
  readonly sensor: string;
  readonly value: string;
  readonly measured: string;
  readonly machinesHeading: string;
  readonly machine: string;
  readonly challenge: string;
  readonly challengeNone: string;
  readonly machinesNone: string;
  readonly documentsHeading: string;
  readonly documentsNone: string;
  readonly document: string;
  readonly digest: string;
  readonly size: string;
  readonly newestOrders: string;
  readonly ordersNone: string;
  /** Changes that wait for further engineers. `signed`: with {signed} and {needed}. */
  readonly drafts: Readonly<
    Record<'heading' | 'note' | 'none' | 'what' | 'signatures' | 'signed' | 'by' | 'since' | 'draft', string>
  > & {
    readonly uses: Readonly<Record<'keys' | 'envelope' | 'document', string>>;
  };
};

export const TEXTS: Readonly<Record<LanguageCode, ZoneTexts>> = {
  en: englishTexts,
  et: estonianTexts,
  zh: chineseTexts,
  ar: arabicTexts,
};
