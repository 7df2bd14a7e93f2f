/** A permanent page of one account: who holds it, by which keys it signs, and what it may do. */

import type { AccountDetailJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { CertificateLinks } from '../parts/certificate-links.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Facts, Id, Quoted } from '../parts/texts.tsx';
import { LEDGER_TEXTS } from '../texts/ledger.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 5_000;

/** The account with this id. Persons have no name here, ever. */
export function AccountView({ id }: { readonly id: string }): ReactNode {
  const { sentences, code } = useLanguage();
  const texts = LEDGER_TEXTS[code];
  const account = useLoaded<AccountDetailJson>(`/api/v1/accounts/${id}`, EVERY_MS);
  const { value } = account;
  return (
    <>
      <h1>{value?.name ? <Quoted text={value.name} /> : sentences.records.account}</h1>
      <Freshness of={account} />
      {value !== null && (
        <>
          <Facts
            facts={[
              [sentences.identifier, <Id key="id" id={value.id} />],
              [texts.heldBy, texts.holders[value.holder]],
              [sentences.columns.from, <BlockLink key="from" height={value.from} />],
              [sentences.columns.to, value.to === null ? null : <BlockLink key="to" height={value.to} />],
              [texts.roles, value.roles.length === 0 ? null : <Quoted key="roles" text={namesOf(value.roles, 'role')} />],
              [texts.bodies, value.bodies.length === 0 ? null : <Quoted key="bodies" text={namesOf(value.bodies, 'name')} />],
            ]}
          />
          <CertificateLinks id={id} kinds={['account', 'accountKey', 'role']} />
          {value.holder === 'person' && <p className="hint">{texts.personNote}</p>}
          <h2>{sentences.keysHeading}</h2>
          <DataTable
            label={sentences.keysHeading}
            rows={value.keys}
            keyOf={({ number }) => String(number)}
            empty={sentences.none}
            columns={[
              { name: 'number', heading: sentences.columns.key, cell: ({ number, algorithm }) => `${number} (${algorithm})` },
              { name: 'class', heading: texts.keyClass, cell: (key) => texts.keyClasses[key.class] },
              { name: 'publicKey', heading: texts.publicKey, cell: ({ publicKey }) => <Id id={publicKey} /> },
              { name: 'from', heading: sentences.columns.from, cell: ({ from }) => <BlockLink height={from} /> },
              { name: 'to', heading: sentences.columns.to, cell: ({ to }) => (to === null ? '–' : <BlockLink height={to} />) },
            ]}
          />
        </>
      )}
    </>
  );
}

function namesOf<Name extends string>(items: readonly Readonly<Record<Name, string>>[], name: Name): string {
  return items.map((item) => item[name]).join(', ');
}
