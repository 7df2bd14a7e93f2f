/** The ledger: its newest checkpoint and who signed it, what awaits signatures, transactions, blocks and anchors. */

import type { AnchorJson, BlockJson, ProposalJson, TransactionJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useState } from 'react';
import { useLanguage } from '../language.ts';
import { ActionKinds } from '../parts/actions.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Id, IdLink, StateBadge, Time } from '../parts/texts.tsx';
import { LEDGER_TEXTS } from '../texts/ledger.ts';
import { type Pages, usePages } from '../use-pages.ts';
import { CheckpointCard } from './checkpoint-card.tsx';

const EVERY_MS = 2_000;
const SHOWN = 50;
const ANCHOR = 'telemetry/anchor';

const idOf = ({ id }: { readonly id: string }): string => id;
const heightOf = ({ height }: BlockJson): string => String(height);
const anchorKey = ({ shard, size, height }: AnchorJson): string => `${height} ${shard} ${size}`;

/** Newest first; older ones when they are asked for. */
export function LedgerView(): ReactNode {
  const { sentences } = useLanguage();
  return (
    <>
      <h1>{sentences.ledgerHeading}</h1>
      <CheckpointCard />
      <Proposals />
      <Transactions />
      <Blocks />
      <Anchors />
    </>
  );
}

function Proposals(): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const { columns } = sentences;
  const pages = usePages<ProposalJson>('/api/v1/proposals?', { keyOf: idOf, limit: SHOWN, everyMs: EVERY_MS });
  return (
    <ListSection
      id="proposals"
      heading={sentences.proposalsHeading}
      pages={pages}
      keyOf={idOf}
      columns={[
        {
          name: 'kinds',
          heading: columns.actions,
          cell: ({ id, kinds }) => (
            <>
              <IdLink id={id} to={{ view: 'proposal', id }} /> <ActionKinds kinds={kinds} />
            </>
          ),
        },
        {
          name: 'state',
          heading: columns.state,
          cell: ({ status }) => <StateBadge state={status} text={LEDGER_TEXTS[code].proposalStates[status]} />,
        },
        {
          name: 'approvals',
          heading: columns.approvals,
          cell: ({ approvalCount, threshold }) => `${formatNumber(approvalCount, tag)} / ${formatNumber(threshold, tag)}`,
        },
        { name: 'until', heading: columns.until, cell: ({ expiresMs }) => <Time ms={expiresMs} /> },
      ]}
    />
  );
}

function Transactions(): ReactNode {
  const { sentences, code } = useLanguage();
  const [isPlain, setPlain] = useState(true);
  const pages = usePages<TransactionJson>('/api/v1/transactions?', { keyOf: idOf, limit: SHOWN, everyMs: EVERY_MS });
  const columns = useTransactionColumns();
  const shown = pages.value?.filter(({ kinds }) => !isPlain || kinds.some((kind) => kind !== ANCHOR)) ?? null;
  return (
    <ListSection
      id="transactions"
      heading={sentences.transactionsHeading}
      pages={{ ...pages, value: shown }}
      keyOf={idOf}
      columns={columns}
      empty={pages.value?.length ? LEDGER_TEXTS[code].onlyAnchors : sentences.none}
    >
      <label className="choice">
        <input type="checkbox" checked={isPlain} onChange={({ target }) => setPlain(target.checked)} />{' '}
        {LEDGER_TEXTS[code].withoutAnchors}
      </label>
    </ListSection>
  );
}

function Blocks(): ReactNode {
  const { sentences, tag } = useLanguage();
  const { columns } = sentences;
  const pages = usePages<BlockJson>('/api/v1/blocks?', { keyOf: heightOf, limit: SHOWN, everyMs: EVERY_MS });
  return (
    <ListSection
      id="blocks"
      heading={sentences.blocksHeading}
      pages={pages}
      keyOf={heightOf}
      columns={[
        { name: 'height', heading: columns.height, cell: ({ height }) => <BlockLink height={height} /> },
        { name: 'time', heading: columns.time, cell: ({ timeMs }) => <Time ms={timeMs} /> },
        { name: 'count', heading: columns.transactions, cell: ({ transactionCount }) => formatNumber(transactionCount, tag) },
      ]}
    />
  );
}

function Anchors(): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const { columns } = sentences;
  const texts = LEDGER_TEXTS[code];
  const pages = usePages<AnchorJson>('/api/v1/anchors?', { keyOf: anchorKey, limit: SHOWN, everyMs: EVERY_MS });
  return (
    <ListSection
      id="anchors"
      heading={texts.anchorsHeading}
      pages={pages}
      keyOf={anchorKey}
      columns={[
        { name: 'height', heading: columns.height, cell: ({ height }) => <BlockLink height={height} /> },
        { name: 'time', heading: columns.time, cell: ({ timeMs }) => <Time ms={timeMs} /> },
        { name: 'size', heading: texts.entries, cell: ({ size }) => formatNumber(size, tag) },
        { name: 'shard', heading: texts.shard, cell: ({ shard }) => <code dir="ltr">{shard.slice(0, 10)}…</code> },
        { name: 'root', heading: texts.root, cell: ({ root }) => <Id id={root} /> },
      ]}
    />
  );
}

function ListSection<T>(props: {
  readonly id: string;
  readonly heading: string;
  readonly pages: Pages<T>;
  readonly keyOf: (item: T) => string;
  readonly columns: readonly Column<T>[];
  /** What to say of no rows; by default that there are none. */
  readonly empty?: string;
  readonly children?: ReactNode;
}): ReactNode {
  const { sentences } = useLanguage();
  const { id, heading, pages, keyOf, columns, empty = sentences.none, children } = props;
  return (
    <section aria-labelledby={`${id}-heading`}>
      <div className="row">
        <h2 id={`${id}-heading`}>{heading}</h2>
        {children}
      </div>
      <div className="list">
        <DataTable label={heading} rows={pages.value} keyOf={keyOf} empty={empty} columns={columns} />
      </div>
      {pages.hasOlder && (
        <p className="actions">
          <button type="button" onClick={pages.loadOlder} disabled={pages.isLoadingOlder}>
            {pages.isLoadingOlder ? sentences.loading : sentences.older}
          </button>
        </p>
      )}
      <Freshness of={pages} />
    </section>
  );
}

/** Columns of any list of transactions. */
export function useTransactionColumns(): readonly Column<TransactionJson>[] {
  const { sentences } = useLanguage();
  const { columns } = sentences;
  return [
    { name: 'id', heading: columns.transactions, cell: ({ id }) => <IdLink id={id} to={{ view: 'transaction', id }} /> },
    { name: 'kinds', heading: columns.actions, cell: ({ kinds }) => <ActionKinds kinds={kinds} /> },
    {
      name: 'code',
      heading: columns.result,
      cell: ({ code }) => <StateBadge state={code === 'OK' ? 'active' : 'revoked'} text={code} />,
    },
    { name: 'height', heading: columns.height, cell: ({ height }) => <BlockLink height={height} /> },
    { name: 'time', heading: columns.time, cell: ({ timeMs }) => <Time ms={timeMs} /> },
  ];
}
