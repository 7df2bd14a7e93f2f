/** Permanent pages of single records: a block, a transaction, a reading. Each can be checked here. */

import type { ReadingDetailJson } from '@oppidum/gateway/api/readings';
import type { BlockDetailJson, TransactionDetailJson } from '@oppidum/gateway/api-types';
import { plainText } from '@oppidum/pages/plain-text';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../language.ts';
import { CheckHere } from '../parts/check-here.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Facts, Id, IdLink, Quoted, StateBadge, Time, YesNo } from '../parts/texts.tsx';
import { useLoaded } from '../use-loaded.ts';
import { Records } from './device-view.tsx';
import { useTransactionColumns } from './ledger-view.tsx';

/** A block with its transactions. */
export function BlockView({ height }: { readonly height: number }): ReactNode {
  const { sentences } = useLanguage();
  const block = useLoaded<BlockDetailJson>(`/api/v1/blocks/${height}`);
  const columns = useTransactionColumns();
  const { value } = block;
  return (
    <>
      <h1>{fill(sentences.blockHeading, { height })}</h1>
      <Freshness of={block} />
      {value !== null && (
        <>
          <Facts
            facts={[
              [sentences.columns.time, <Time key="time" ms={value.timeMs} />],
              [sentences.stateRoot, value.stateRoot === null ? null : <Id key="state" id={value.stateRoot} />],
              [sentences.appHash, <Id key="log" id={value.appHash} />],
            ]}
          />
          <h2>{sentences.transactionsHeading}</h2>
          <DataTable
            label={sentences.transactionsHeading}
            rows={value.transactions}
            keyOf={({ id }) => id}
            empty={sentences.none}
            columns={columns}
          />
        </>
      )}
    </>
  );
}

/** A transaction: who signed, what it did, and whether that is so. */
export function TransactionView({ id }: { readonly id: string }): ReactNode {
  const { sentences } = useLanguage();
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
              [sentences.identifier, <Id key="id" id={value.id} />],
              [columns.result, <StateBadge key="result" state={value.code === 'OK' ? 'active' : 'revoked'} text={value.code} />],
              [columns.height, <BlockLink key="block" height={value.height} />],
              [columns.time, <Time key="time" ms={value.timeMs} />],
              [columns.signers, value.signers.map((signer) => <Id key={signer} id={signer} />)],
            ]}
          />
          <h2>{columns.actions}</h2>
          {value.actions
            .map((action, place) => ({ ...action, place }))
            .map(({ place, kind, body }) => (
              <ActionBody key={place} kind={kind} body={body} />
            ))}
        </>
      )}
      <CheckHere id={id} />
    </>
  );
}

function ActionBody({ kind, body }: { readonly kind: string; readonly body: unknown }): ReactNode {
  return (
    <details className="card">
      <summary>
        <Quoted text={kind} />
      </summary>
      <pre dir="ltr">{JSON.stringify(body, null, 2).split('\n').map(plainText).join('\n')}</pre>
    </details>
  );
}

/** A reading with all its values and the bytes that the device signed. */
export function ReadingView({ id }: { readonly id: string }): ReactNode {
  const { sentences, words, tag } = useLanguage();
  const reading = useLoaded<ReadingDetailJson>(`/api/v1/readings/${id}`);
  const { value } = reading;
  const { columns } = sentences;
  return (
    <>
      <h1>{sentences.readingHeading}</h1>
      <Freshness of={reading} />
      {value !== null && (
        <>
          <Facts
            facts={[
              [sentences.identifier, <Id key="id" id={value.id} />],
              [
                columns.device,
                <IdLink key="device" id={value.device} to={{ view: 'device', id: value.device }} label={value.label} />,
              ],
              [columns.sequence, formatNumber(value.sequence, tag)],
              [columns.time, <Time key="time" ms={value.timeMs} />],
              [columns.grade, value.grade === null ? null : words.grades[value.grade]],
              [columns.proven, <YesNo key="proven" value={value.anchored} />],
              [columns.value, <Records key="values" records={value.records} />],
            ]}
          />
          {value.envelope !== null && (
            <details className="card">
              <summary>{sentences.envelopeHeading}</summary>
              <pre dir="ltr">{value.envelope}</pre>
            </details>
          )}
        </>
      )}
      <CheckHere id={id} />
    </>
  );
}
