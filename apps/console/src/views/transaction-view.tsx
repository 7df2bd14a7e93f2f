/** A permanent page of one transaction, which can be checked here. */

import type { TransactionDetailJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { Actions, JsonText } from '../parts/actions.tsx';
import { CheckHere } from '../parts/check-here.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Facts, Id, IdLink, StateBadge, Time } from '../parts/texts.tsx';
import { LEDGER_TEXTS } from '../texts/ledger.ts';
import { useLoaded } from '../use-loaded.ts';

/** A transaction: who signed, what it did, and whether that is so. */
export function TransactionView({ id }: { readonly id: string }): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = LEDGER_TEXTS[code];
  const transaction = useLoaded<TransactionDetailJson>(`/api/v1/transactions/${id}`);
  const { value } = transaction;
  const { columns } = sentences;
  return (
    <>
      <h1>{sentences.transactionHeading}</h1>
      <Freshness of={transaction} />
      {value !== null && (
        <>
          <Facts
            facts={[
              [sentences.identifier, <Id key="id" id={id} />],
              [columns.result, <StateBadge key="result" state={value.code === 'OK' ? 'active' : 'revoked'} text={value.code} />],
              [columns.height, <BlockLink key="block" height={value.height} />],
              [
                columns.signers,
                value.signers.map((signer) => <IdLink key={signer} id={signer} to={{ view: 'account', id: signer }} />),
              ],
              [texts.validUntil, <Time key="until" ms={value.validUntil} />],
            ]}
          />
          <h2>{columns.actions}</h2>
          <Actions actions={value.actions} />
          {value.events.length > 0 && (
            <details className="card">
              <summary>{texts.eventsHeading}</summary>
              <JsonText value={value.events} />
            </details>
          )}
        </>
      )}
      <CheckHere id={id} shown={value === null ? null : { fact: 'transaction', ...value }} />
      {value !== null && (
        <section className="card" data-unproven>
          <h2>{texts.toldHeading}</h2>
          <p className="hint">{texts.toldHint}</p>
          <Facts
            facts={[
              [columns.time, <Time key="time" ms={value.timeMs} />],
              [texts.size, formatNumber(value.envelopeSize, tag)],
              [texts.details, Object.keys(value.details).length === 0 ? null : <JsonText key="details" value={value.details} />],
            ]}
          />
        </section>
      )}
    </>
  );
}
