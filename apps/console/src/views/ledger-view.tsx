/** The ledger: its newest checkpoint, blocks, transactions and what awaits signatures. */

import { parseUtf8 } from '@oppidum/formats/bytes';
import type { BlockJson, ProposalJson, TransactionJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useEffect, useState } from 'react';
import { fetchBytes } from '../api.ts';
import { fill, useLanguage } from '../language.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, IdLink, Quoted, StateBadge, Time } from '../parts/texts.tsx';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 2_000;
const SHOWN = 50;

type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** Newest first. */
export function LedgerView(): ReactNode {
  const { sentences, tag } = useLanguage();
  const { columns } = sentences;
  const blocks = useLoaded<Page<BlockJson>>(`/api/v1/blocks?limit=${SHOWN}`, EVERY_MS);
  const transactions = useLoaded<Page<TransactionJson>>(`/api/v1/transactions?limit=${SHOWN}`, EVERY_MS);
  const proposals = useLoaded<Page<ProposalJson>>(`/api/v1/proposals?limit=${SHOWN}`, EVERY_MS);
  const transactionColumns = useTransactionColumns();
  return (
    <>
      <h1>{sentences.ledgerHeading}</h1>
      <Checkpoint />
      <section aria-labelledby="proposals-heading">
        <h2 id="proposals-heading">{sentences.proposalsHeading}</h2>
        <DataTable
          label={sentences.proposalsHeading}
          rows={proposals.value?.items ?? []}
          keyOf={({ id }) => id}
          empty={sentences.none}
          columns={[
            { name: 'kinds', heading: columns.actions, cell: ({ kinds }) => <Quoted text={kinds.join(', ')} /> },
            { name: 'state', heading: columns.state, cell: ({ status }) => <StateBadge state={status} text={status} /> },
            {
              name: 'approvals',
              heading: columns.approvals,
              cell: ({ approvalCount, threshold }) => `${formatNumber(approvalCount, tag)} / ${formatNumber(threshold, tag)}`,
            },
            { name: 'until', heading: columns.until, cell: ({ expiresMs }) => <Time ms={expiresMs} /> },
          ]}
        />
      </section>
      <section aria-labelledby="transactions-heading">
        <h2 id="transactions-heading">{sentences.transactionsHeading}</h2>
        <DataTable
          label={sentences.transactionsHeading}
          rows={transactions.value?.items ?? []}
          keyOf={({ id }) => id}
          empty={sentences.none}
          columns={transactionColumns}
        />
        <Freshness of={transactions} />
      </section>
      <section aria-labelledby="blocks-heading">
        <h2 id="blocks-heading">{sentences.blocksHeading}</h2>
        <DataTable
          label={sentences.blocksHeading}
          rows={blocks.value?.items ?? []}
          keyOf={({ height }) => String(height)}
          empty={sentences.none}
          columns={[
            {
              name: 'height',
              heading: columns.height,
              cell: ({ height }) => <BlockLink height={height} />,
            },
            { name: 'time', heading: columns.time, cell: ({ timeMs }) => <Time ms={timeMs} /> },
            { name: 'count', heading: columns.transactions, cell: ({ transactionCount }) => formatNumber(transactionCount, tag) },
          ]}
        />
        <Freshness of={blocks} />
      </section>
    </>
  );
}

/** Columns of any list of transactions. */
export function useTransactionColumns(): readonly Column<TransactionJson>[] {
  const { sentences } = useLanguage();
  const { columns } = sentences;
  return [
    { name: 'id', heading: columns.transactions, cell: ({ id }) => <IdLink id={id} to={{ view: 'transaction', id }} /> },
    { name: 'kinds', heading: columns.actions, cell: ({ kinds }) => <Quoted text={kinds.join(', ')} /> },
    {
      name: 'code',
      heading: columns.result,
      cell: ({ code }) => <StateBadge state={code === 'OK' ? 'active' : 'revoked'} text={code} />,
    },
    { name: 'height', heading: columns.height, cell: ({ height }) => <BlockLink height={height} /> },
    { name: 'time', heading: columns.time, cell: ({ timeMs }) => <Time ms={timeMs} /> },
  ];
}

/** Who signed the newest checkpoint, as its note names them; "Check here" verifies such signatures, this line only shows them. */
function Checkpoint(): ReactNode {
  const { sentences } = useLanguage();
  const [note, setNote] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const load = (): void => {
      fetchBytes('/log/checkpoint', 'text/plain', stop.signal).then(
        (bytes) => setNote(parseUtf8(bytes)),
        () => undefined,
      );
    };
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, []);
  if (note === null) return null;
  const [, size = ''] = note.split('\n');
  const signers = [...note.matchAll(/^— (\S+) /gm)].map(([, name]) => name ?? '');
  return (
    <section className="card">
      <h2>{sentences.checkpointHeading}</h2>
      <p>
        <Quoted text={fill(sentences.cosignedBy, { size, names: [...new Set(signers)].join(', ') })} />
      </p>
    </section>
  );
}
