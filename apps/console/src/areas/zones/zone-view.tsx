/** One zone: who orders, what its envelope allows, what sensors and machines say now, its documents and newest orders. */

import type { OrderJson, ZoneDetailJson, ZoneDeviceJson } from '@oppidum/gateway/api/orders';
import { type ReactNode, useState } from 'react';
import type { Page } from '../../api.ts';
import { fill, useLanguage } from '../../language.ts';
import { useOrderChanges } from '../../live/use-order-changes.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { PageButtons } from '../../parts/page-buttons.tsx';
import { BlockLink, Facts, Id, Quoted } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { OrderTable } from '../orders/order-table.tsx';
import { CabinetAccounts } from './cabinet-accounts.tsx';
import { Domain } from './domain.tsx';
import { DraftsWaiting } from './drafts-waiting.tsx';
import { EnvelopeWords } from './envelope-words.tsx';
import { IntersectionNow } from './intersection-now.tsx';
import { Lamps } from './lamps-now.tsx';
import { LightingAccount } from './lighting-account.tsx';
import { MachineTable } from './machine-table.tsx';
import { OrderHere } from './order-here.tsx';
import { TEXTS } from './texts.ts';

const EVERY_MS = 5_000;
const LIGHT_CHOICES = [['light/full'], ['light/level', '60'], ['light/programme']].map((words) => ({ words }));
const DEVICES_SHOWN = 50;
const ORDERS_SHOWN = 20;

/** The zone with this id. */
export function ZoneView({ id }: { readonly id: string }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const loaded = useLoaded<ZoneDetailJson>(`/api/v1/zones/${id}`, EVERY_MS);
  const zone = loaded.value;
  return (
    <>
      <p>
        <a href="#/zones">{texts.back}</a>
      </p>
      <h1>{zone === null ? texts.columns.name : <Quoted text={zone.name} lengthMax={80} />}</h1>
      <p>
        <Id id={id} />
      </p>
      <Freshness of={loaded} />
      {zone !== null && (
        <>
          <section className="card">
            <Facts
              facts={[
                [texts.columns.domain, <Domain key="domain" name={zone.domain} />],
                [texts.columns.devices, formatNumber(zone.deviceCount, tag)],
                [texts.columns.from, <BlockLink key="from" height={zone.fromHeight} />],
              ]}
            />
          </section>
          <Keys zone={zone} />
          <EnvelopeWords statement={zone.envelopeInForce.statement} />
          {zone.domain === 'lighting' && (
            <>
              <LightingAccount zone={id} />
              <CabinetAccounts zone={id} />
              <OrderHere zone={zone} choices={LIGHT_CHOICES} />
            </>
          )}
          <Machines zone={zone} />
          <Documents zone={zone} />
          <DraftsWaiting id={id} />
          <NewestOrders id={id} />
        </>
      )}
    </>
  );
}

function Keys({ zone }: { readonly zone: ZoneDetailJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { keys, threshold, dangerousThreshold, version } = zone.keySet;
  const counts = { count: keys.length, threshold, dangerous: dangerousThreshold };
  const shown = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, formatNumber(count, tag)]));
  return (
    <section aria-labelledby="keys-heading">
      <h2 id="keys-heading">{texts.keysHeading}</h2>
      <p>
        {fill(texts.keysSay, shown)} {fill(texts.version, { version: formatNumber(version, tag) })}
      </p>
      <DataTable
        label={texts.keysHeading}
        rows={keys.map((key, number) => ({ key, number }))}
        keyOf={({ key }) => key}
        empty="–"
        columns={[
          { name: 'number', heading: texts.key, cell: ({ number }) => formatNumber(number, tag) },
          { name: 'key', heading: texts.publicKey, cell: ({ key }) => <Id id={key} /> },
        ]}
      />
    </section>
  );
}

function Machines({ zone }: { readonly zone: ZoneDetailJson }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [cursor, setCursor] = useState<string | null>(null);
  const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const loaded = useLoaded<Page<ZoneDeviceJson>>(`/api/v1/zones/${zone.id}/devices?limit=${DEVICES_SHOWN}${from}`, EVERY_MS);
  const rows = loaded.value?.items ?? null;
  const next = loaded.value?.next ?? null;
  const [controller] = rows ?? [];
  return (
    <>
      {zone.domain === 'signals' && controller !== undefined && <IntersectionNow zone={zone} device={controller.device} />}
      <section aria-labelledby="machines-heading">
        <h2 id="machines-heading">{texts.machinesHeading}</h2>
        {zone.domain === 'lighting' ? <Lamps rows={rows} /> : <MachineTable rows={rows} columns={[]} />}
        <Freshness of={loaded} />
        <PageButtons cursor={cursor} next={next} onGo={setCursor} words={{ first: texts.first, next: texts.more }} />
      </section>
    </>
  );
}

function Documents({ zone }: { readonly zone: ZoneDetailJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  return (
    <section aria-labelledby="documents-heading">
      <h2 id="documents-heading">{texts.documentsHeading}</h2>
      <DataTable
        label={texts.documentsHeading}
        rows={zone.documents}
        keyOf={({ name }) => name}
        empty={texts.documentsNone}
        columns={[
          { name: 'name', heading: texts.document, cell: ({ name }) => <Quoted text={name} /> },
          {
            name: 'version',
            heading: fill(texts.version, { version: '' }).trim(),
            cell: ({ version }) => formatNumber(version, tag),
          },
          { name: 'digest', heading: texts.digest, cell: ({ digest }) => <Id id={digest} /> },
          { name: 'size', heading: texts.size, cell: ({ size }) => formatNumber(size, tag) },
          { name: 'from', heading: texts.columns.from, cell: ({ fromHeight }) => <BlockLink height={fromHeight} /> },
        ]}
      />
    </section>
  );
}

function NewestOrders({ id }: { readonly id: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const path = `/api/v1/orders?zone=${id}&limit=${ORDERS_SHOWN}`;
  const loaded = useLoaded<Page<OrderJson>>(path, EVERY_MS, useOrderChanges());
  return (
    <section aria-labelledby="orders-heading">
      <h2 id="orders-heading">{texts.newestOrders}</h2>
      <OrderTable label={texts.newestOrders} rows={loaded.value?.items ?? null} empty={texts.ordersNone} />
      <Freshness of={loaded} />
    </section>
  );
}
