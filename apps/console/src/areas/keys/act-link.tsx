/** The way from a device to what may be done with it; apart from the pages of acts, which load when somebody goes there. */

import type { LanguageCode } from '@oppidum/pages/languages';
import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { addressOf } from '../../route.ts';

const TEXT: Readonly<Record<LanguageCode, string>> = {
  en: 'Act on this device',
  et: 'Toiming selle seadmega',
  zh: '对此设备进行操作',
  ar: 'عمل على هذا الجهاز',
};

/** To the acts on the device with this id. */
export function ActLink({ device }: { readonly device: string }): ReactNode {
  const { code } = useLanguage();
  return <a href={addressOf({ view: 'area', area: 'act', argument: device })}>{TEXT[code]}</a>;
}
