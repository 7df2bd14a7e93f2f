/** Changes of a zone that wait for further engineers: what, who signed it, and how it goes on. Nothing is signed on a page. */

import type { ZoneDraftJson, ZoneDraftListJson } from '@oppidum/gateway/api/orders';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { Id, Quoted, Time, WithCode } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { TEXTS } from './texts.ts';

const EVERY_MS = 5_000;
/** Characters of a key that stands whole among those of the zone. */
const KEY_LENGTH = 16;

/** `id`: of the zone. */
export function DraftsWaiting({ id }: { readonly id: string }): ReactNode {
  const { code, tag } = useLanguage();
  const { drafts: texts, version } = TEXTS[code];
  const loaded = useLoaded<ZoneDraftListJson>(`/api/v1/zone-drafts?zone=${id}`, EVERY_MS);
  const signedOf = ({ signers, needed, envelopeSigners, envelopeNeeded }: ZoneDraftJson): string =>
    fill(texts.signed, {
      signed: formatNumber(signers.length + envelopeSigners.length, tag),
      needed: formatNumber(needed + envelopeNeeded, tag),
    });
  return (
    <section aria-labelledby="drafts-heading">
      <h2 id="drafts-heading">{texts.heading}</h2>
      <p className="hint">
        <WithCode text={texts.note} />
      </p>
      <DataTable
        label={texts.heading}
        rows={loaded.value?.items ?? null}
        keyOf={(draft) => draft.id}
        empty={texts.none}
        columns={[
          {
            name: 'what',
            heading: texts.what,
            cell: ({ use, name, version: number }) => (
              <>
                {name === null ? texts.uses[use] : <Quoted text={name} />} (
                {fill(version, { version: formatNumber(number, tag) })})
              </>
            ),
          },
          { name: 'draft', heading: texts.draft, cell: (draft) => <Id id={draft.id} /> },
          { name: 'signed', heading: texts.signatures, cell: (draft) => signedOf(draft) },
          {
            name: 'by',
            heading: texts.by,
            cell: ({ signers, envelopeSigners }) => (
              <>
                {[...new Set([...signers, ...envelopeSigners].map(({ publicKey }) => publicKey))].map((publicKey) => (
                  <span key={publicKey}>
                    <code dir="ltr" title={publicKey}>
                      {publicKey.slice(0, KEY_LENGTH)}…
                    </code>{' '}
                  </span>
                ))}
              </>
            ),
          },
          { name: 'since', heading: texts.since, cell: ({ sinceMs }) => <Time ms={sinceMs} /> },
        ]}
      />
      <Freshness of={loaded} />
    </section>
  );
}
