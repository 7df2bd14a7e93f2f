/** Zones: all of them, or the one that the address names. */

import type { ZoneJson } from '@oppidum/gateway/api/orders';
import { type ReactNode, useState } from 'react';
import type { Page } from '../../api.ts';
import type { AreaProps } from '../../areas.ts';
import { useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { PageButtons } from '../../parts/page-buttons.tsx';
import { BlockLink, IdLink } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { Domain } from './domain.tsx';
import { TEXTS } from './texts.ts';
import { ZoneView } from './zone-view.tsx';

const EVERY_MS = 10_000;
const SHOWN = 100;
const ID = /^[0-9a-f]{64}$/;

/** The list, or the zone that the address names. */
export function ZonesView({ argument }: AreaProps): ReactNode {
  return <div className="orders">{ID.test(argument) ? <ZoneView key={argument} id={argument} /> : <ZoneList />}</div>;
}

function ZoneList(): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { columns } = texts;
  const [cursor, setCursor] = useState<string | null>(null);
  const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const loaded = useLoaded<Page<ZoneJson>>(`/api/v1/zones?limit=${SHOWN}${from}`, EVERY_MS);
  const next = loaded.value?.next ?? null;
  return (
    <>
      <h1>{texts.heading}</h1>
      <p className="lead">{texts.lead}</p>
      <p>
        <a href="#/orders">{texts.ordersLink}</a>
      </p>
      <Freshness of={loaded} />
      <DataTable
        label={texts.heading}
        rows={loaded.value?.items ?? null}
        keyOf={({ id }) => id}
        empty={texts.none}
        columns={[
          {
            name: 'name',
            heading: columns.name,
            cell: ({ id, name }) => <IdLink id={id} to={{ view: 'area', area: 'zones', argument: id }} label={name} />,
            order: ({ name }) => name,
          },
          { name: 'domain', heading: columns.domain, cell: ({ domain }) => <Domain name={domain} /> },
          {
            name: 'devices',
            heading: columns.devices,
            cell: ({ deviceCount }) => formatNumber(deviceCount, tag),
            order: ({ deviceCount }) => deviceCount,
          },
          { name: 'from', heading: columns.from, cell: ({ fromHeight }) => <BlockLink height={fromHeight} /> },
        ]}
      />
      <PageButtons cursor={cursor} next={next} onGo={setCursor} words={{ first: texts.first, next: texts.more }} />
    </>
  );
}
