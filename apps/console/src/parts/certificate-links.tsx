/** Ways to certificates: of a record as the ledger proves it, beside what the city merely shows of it. */

import type { ReactNode } from 'react';
import { type Asked, askedText, recordsOf } from '../asked.ts';
import { useLanguage } from '../language.ts';
import { addressOf } from '../route.ts';
import { type KindName, kindName } from '../texts/kinds.ts';

/** The certificate of what is asked; with null the page that asks what it should be of. */
export function certificateAddress(asked: Asked | null): string {
  return addressOf({ view: 'area', area: 'certificate', argument: asked === null ? '' : askedText(asked) });
}

/** One for each kind of records under an id, and the page that asks of what. */
export function CertificateLinks({ id, kinds }: { readonly id: string | null; readonly kinds: readonly KindName[] }): ReactNode {
  const { sentences, code } = useLanguage();
  return (
    <p className="actions">
      <span>{sentences.certificatesOf}</span>
      {kinds.map((kind) => (
        <a key={kind} href={certificateAddress(recordsOf(kind, ...(id === null ? [] : [id])))}>
          {kindName(code, kind)}
        </a>
      ))}
      <a href={certificateAddress(null)}>{sentences.certificateOther}</a>
    </p>
  );
}
