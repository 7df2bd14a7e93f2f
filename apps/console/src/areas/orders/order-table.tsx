/** Orders as a table, for every view that has some. */

import type { OrderJson } from '@oppidum/gateway/api/orders';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { IdLink, Quoted, StateBadge, Time } from '../../parts/texts.tsx';
import './orders.css';
import { TEXTS } from './texts.ts';

/** Newest first, as they came. */
export function OrderTable({
  label,
  rows,
  empty,
}: {
  readonly label: string;
  readonly rows: readonly OrderJson[] | null;
  readonly empty: string;
}): ReactNode {
  return <DataTable label={label} rows={rows} keyOf={({ id }) => id} empty={empty} columns={useColumns()} />;
}

function useColumns(): readonly Column<OrderJson>[] {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { columns, states } = texts;
  return [
    {
      name: 'order',
      heading: columns.order,
      cell: ({ id }) => <IdLink id={id} to={{ view: 'area', area: 'orders', argument: id }} />,
    },
    { name: 'does', heading: columns.does, cell: (order) => <Quoted text={[order.command, ...order.arguments].join(' ')} /> },
    { name: 'state', heading: columns.state, cell: ({ state }) => <StateBadge state={state} text={states[state]} /> },
    {
      name: 'zone',
      heading: columns.zone,
      cell: ({ zone, zoneName }) => <IdLink id={zone} to={{ view: 'area', area: 'zones', argument: zone }} label={zoneName} />,
    },
    {
      name: 'device',
      heading: columns.device,
      cell: ({ device, deviceCount }) =>
        device === null ? (
          fill(texts.manyDevices, { count: formatNumber(deviceCount, tag) })
        ) : (
          <IdLink id={device} to={{ view: 'device', id: device }} />
        ),
    },
    {
      name: 'signed',
      heading: columns.signed,
      cell: ({ signers, needed }) => `${formatNumber(signers.length, tag)} / ${formatNumber(needed, tag)}`,
    },
    { name: 'at', heading: columns.at, cell: ({ atMs }) => <Time ms={atMs} /> },
    { name: 'until', heading: columns.until, cell: ({ expiresMs }) => <Time ms={expiresMs} /> },
  ];
}
