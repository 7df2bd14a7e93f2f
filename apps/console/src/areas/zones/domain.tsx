/** The rules that a zone is under, in words where there are any. */

import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { Quoted } from '../../parts/texts.tsx';
import { TEXTS } from './texts.ts';

/** What the rules of a zone are about. */
export function Domain({ name }: { readonly name: string }): ReactNode {
  const { code } = useLanguage();
  const { domains } = TEXTS[code];
  return Object.hasOwn(domains, name) ? domains[name as keyof typeof domains] : <Quoted text={name} />;
}
