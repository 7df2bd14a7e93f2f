/** What a certificate says. */

import type { LanguageCode } from '@oppidum/pages/languages';
import { arabicCertificate } from './texts-ar.ts';
import { englishCertificate } from './texts-en.ts';
import { estonianCertificate } from './texts-et.ts';
import { chineseCertificate } from './texts-zh.ts';

export type CertificateTexts = {
  readonly proven: string;
  readonly codes: string;
  readonly refused: string;
  readonly print: string;
  readonly shortCode: string;
  readonly lead: string;
  readonly recordsHeading: string;
  readonly recordsHint: string;
  readonly kind: string;
  readonly segmentId: string;
  readonly segmentNumber: string;
  readonly spanFrom: string;
  readonly spanTo: string;
  readonly readingsHeading: string;
  readonly readingsHint: string;
  readonly device: string;
  readonly keyNumber: string;
  readonly fromTime: string;
  readonly toTime: string;
  readonly idHeading: string;
  readonly idField: string;
  readonly fileHeading: string;
  readonly fileHint: string;
  readonly file: string;
  readonly make: string;
  readonly askedBad: string;
  readonly fileTooLarge: string;
  readonly tooLarge: string;
  readonly save: string;
  readonly digest: string;
  readonly about: string;
  readonly another: string;
  readonly checkedWhen: string;
  readonly policy: string;
};

export const TEXTS: Readonly<Record<LanguageCode, CertificateTexts>> = {
  en: englishCertificate,
  et: estonianCertificate,
  zh: chineseCertificate,
  ar: arabicCertificate,
};
