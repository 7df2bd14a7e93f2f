/** One order: its effect as this browser reads it from the signed bytes, who signed, its life, its evidence, and how it is approved. */

import { toHex } from '@oppidum/formats/bytes';
import type { OrderDetailJson, ZoneDetailJson } from '@oppidum/gateway/api/orders';
import type { DeviceDetailJson } from '@oppidum/gateway/api-types';
import { nameKey } from '@oppidum/signing/describe-act';
import { type ReactNode, useMemo } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { useOrderChanges } from '../../live/use-order-changes.ts';
import { CheckHere } from '../../parts/check-here.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { Facts, Id, IdLink, StateBadge, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { ActList } from '../decisions/act-list.tsx';
import { atCity, commandLine } from '../maker/command-line.ts';
import { CopyBlock } from '../maker/copy-block.tsx';
import '../maker/maker.css';
import { CancelOrder } from './cancel-order.tsx';
import { OrderAnswers } from './order-answers.tsx';
import './orders.css';
import { isCalledDangerous, isSignedBy, type ReadOrder, readOrder } from './read-order.ts';
import { TEXTS } from './texts.ts';

const EVERY_MS = 5_000;
const KEY_FILE = 'my-order-key.seed';
/** What can still be taken back. */
const OPEN: ReadonlySet<OrderDetailJson['state']> = new Set(['awaiting', 'queued', 'sent', 'acked']);

/** The order with this id. */
export function OrderView({ id }: { readonly id: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const changes = useOrderChanges();
  const loaded = useLoaded<OrderDetailJson>(`/api/v1/orders/${id}`, EVERY_MS, changes);
  const order = loaded.value;
  const statement = order?.statement ?? null;
  const read = useMemo(() => (statement === null ? null : readOrder(id, { statement })), [id, statement]);
  return (
    <>
      <p>
        <a href="#/orders">{texts.back}</a>
      </p>
      <h1>{texts.orderHeading}</h1>
      <p>
        <Id id={id} /> {order !== null && <StateBadge state={order.state} text={texts.states[order.state]} />}
      </p>
      <Freshness of={loaded} />
      {order !== null && read !== null && (
        <>
          <Effect order={order} read={read} />
          <Signed order={order} />
          {order.state === 'awaiting' && typeof read === 'object' && <Approve id={id} />}
          <CancelOrder key={id} id={id} isOpen={OPEN.has(order.state)} />
          <Life order={order} />
          <OrderAnswers order={order} changes={changes} />
          <section aria-labelledby="evidence-heading">
            <h2 id="evidence-heading">{texts.evidenceHeading}</h2>
            {order.transaction === null ? (
              <p className="hint">{texts.evidenceNone}</p>
            ) : (
              <CheckHere id={order.transaction} shown={null} />
            )}
          </section>
        </>
      )}
    </>
  );
}

function Effect({ order, read }: { readonly order: OrderDetailJson; readonly read: ReadOrder }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const device = typeof read === 'object' && 'device' in read.order.target ? toHex(read.order.target.device) : null;
  const label = useLoaded<DeviceDetailJson>(device === null ? null : `/api/v1/devices/${device}`).value?.label ?? null;
  const zone = useLoaded<ZoneDetailJson>(`/api/v1/zones/${order.zone}`).value;
  const names = new Map([
    ...(order.zoneName === null ? [] : [[nameKey('zone', order.zone), order.zoneName] as const]),
    ...(device === null || label === null ? [] : [[nameKey('device', device), label] as const]),
  ]);
  return (
    <section className="card" aria-labelledby="does-heading">
      <h2 id="does-heading">{texts.doesHeading}</h2>
      {typeof read === 'string' ? (
        <p className="problem">{texts[read]}</p>
      ) : (
        <>
          <p className="hint">{texts.doesNote}</p>
          <ActList acts={[read.act]} names={names} isCalm={zone === null || !isCalledDangerous(read.order, zone)} />
          <p>{texts.modes[read.order.mode]}</p>
        </>
      )}
    </section>
  );
}

function Signed({ order }: { readonly order: OrderDetailJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const counts = { count: formatNumber(order.signers.length, tag), needed: formatNumber(order.needed, tag) };
  return (
    <section aria-labelledby="signed-heading">
      <h2 id="signed-heading">{texts.signedHeading}</h2>
      <p>{fill(texts.signedCount, counts)}</p>
      <DataTable
        label={texts.signedHeading}
        rows={order.signatures}
        keyOf={({ key }) => String(key)}
        empty={texts.none}
        columns={[
          { name: 'key', heading: texts.key, cell: ({ key }) => formatNumber(key, tag) },
          { name: 'publicKey', heading: texts.publicKey, cell: ({ publicKey }) => <Id id={publicKey} /> },
          {
            name: 'signature',
            heading: texts.signature,
            cell: (signature) => <Fit fits={isSignedBy(order, signature)} />,
          },
        ]}
      />
      <p className="hint">{texts.signedNote}</p>
    </section>
  );
}

function Fit({ fits }: { readonly fits: boolean }): ReactNode {
  const { code } = useLanguage();
  return <StateBadge state={fits ? 'applied' : 'rejected'} text={fits ? TEXTS[code].fits : TEXTS[code].fitsNot} />;
}

function Approve({ id }: { readonly id: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const city = atCity(location.origin);
  const approve = commandLine(['order', 'approve', id, '--order-key', KEY_FILE, ...city]);
  const watch = commandLine(['order', 'watch', '--approve-with', KEY_FILE, ...city]);
  return (
    <section className="card" aria-labelledby="approve-heading">
      <h2 id="approve-heading">{texts.approveHeading}</h2>
      <p>{texts.approveHelp}</p>
      <h3>{texts.approveCommand}</h3>
      <CopyBlock text={approve ?? ''} name="approve" label={texts.approveCommand} words={texts} />
      <h3>{texts.watchCommand}</h3>
      <CopyBlock text={watch ?? ''} name="watch" label={texts.watchCommand} words={texts} />
    </section>
  );
}

function Life({ order }: { readonly order: OrderDetailJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { columns } = texts;
  const count = (some: number): string =>
    fill(texts.countOf, { count: formatNumber(some, tag), total: formatNumber(order.deviceCount, tag) });
  return (
    <section className="card" aria-labelledby="life-heading">
      <h2 id="life-heading">{texts.lifeHeading}</h2>
      <Facts
        facts={[
          [columns.state, <StateBadge key="state" state={order.state} text={texts.states[order.state]} />],
          [
            columns.zone,
            <IdLink
              key="zone"
              id={order.zone}
              to={{ view: 'area', area: 'zones', argument: order.zone }}
              label={order.zoneName}
            />,
          ],
          [texts.handedIn, <Time key="at" ms={order.atMs} />],
          [texts.issued, <Time key="issued" ms={order.issuedMs} />],
          [texts.handedOver, count(order.sentCount)],
          [texts.states.acked, count(order.ackCount)],
          [texts.states.rejected, count(order.rejectedCount)],
          [texts.states.applied, count(order.appliedCount)],
          [columns.until, <Time key="until" ms={order.expiresMs} />],
        ]}
      />
      <p className="hint">{texts.lifeNote}</p>
    </section>
  );
}
