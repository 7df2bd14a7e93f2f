/** What the console says of orders: what they do, who signed them, where they are in their life. */

import type { OrderState } from '@oppidum/formats/order-life';
import type { OrderJson } from '@oppidum/gateway/api/orders';
import type { LanguageCode } from '@oppidum/pages/languages';
import { arabicTexts } from './texts-ar.ts';
import { englishTexts } from './texts-en.ts';
import { estonianTexts } from './texts-et.ts';
import { chineseTexts } from './texts-zh.ts';

export type OrderTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly zonesLink: string;
  readonly filter: string;
  readonly all: string;
  readonly none: string;
  /** Of a city without any zone. */
  readonly noneYet: string;
  readonly older: string;
  readonly newest: string;
  readonly more: string;
  readonly columns: Readonly<Record<'order' | 'does' | 'zone' | 'device' | 'state' | 'signed' | 'at' | 'until', string>>;
  readonly statuses: Readonly<Record<OrderJson['status'], string>>;
  readonly states: Readonly<Record<OrderState, string>>;
  readonly modes: Readonly<Record<OrderJson['mode'], string>>;
  /** With {count}. */
  readonly manyDevices: string;
  readonly orderHeading: string;
  readonly back: string;
  readonly doesHeading: string;
  readonly doesNote: string;
  readonly unreadable: string;
  readonly other: string;
  readonly signedHeading: string;
  /** With {count} and {needed}. */
  readonly signedCount: string;
  readonly key: string;
  readonly publicKey: string;
  readonly signature: string;
  readonly fits: string;
  readonly fitsNot: string;
  readonly signedNote: string;
  readonly lifeHeading: string;
  readonly handedIn: string;
  readonly issued: string;
  readonly handedOver: string;
  /** With {count} and {total}. */
  readonly countOf: string;
  readonly answersHeading: string;
  readonly answersNone: string;
  readonly answers: Readonly<Record<'ack' | 'rejected' | 'applied', string>>;
  readonly answer: string;
  readonly why: string;
  readonly time: string;
  readonly reading: string;
  readonly lifeNote: string;
  readonly evidenceHeading: string;
  readonly evidenceNone: string;
  readonly approveHeading: string;
  readonly approveHelp: string;
  readonly approveCommand: string;
  readonly watchCommand: string;
  readonly cancelHeading: string;
  readonly cancelLead: string;
  readonly copy: string;
  readonly copied: string;
  readonly copyFailed: string;
};

export const TEXTS: Readonly<Record<LanguageCode, OrderTexts>> = {
  en: englishTexts,
  et: estonianTexts,
  zh: chineseTexts,
  ar: arabicTexts,
};
