/** To whom a device listens: its zone, what can be asked of it, and the newest orders. */

import type { OrderJson, ZoneDetailJson } from '@oppidum/gateway/api/orders';
import type { ModelDescriptionJson } from '@oppidum/gateway/api/trust';
import type { DeviceDetailJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import type { Page } from '../api.ts';
import { OrderTable } from '../areas/orders/order-table.tsx';
import { fill, useLanguage } from '../language.ts';
import { useOrderChanges } from '../live/use-order-changes.ts';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { Facts, IdLink, Quoted } from '../parts/texts.tsx';
import { STREET_TEXTS } from '../texts/device-street.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 10_000;
const SHOWN = 10;

/** The zone of a device with who may order it, and the orders to it alone. */
export function DeviceOrders({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { code } = useLanguage();
  const texts = STREET_TEXTS[code];
  const { id, zone } = device;
  return (
    <section aria-labelledby="zone-heading">
      <h2 id="zone-heading">{texts.zoneHeading}</h2>
      {zone === null ? (
        <p className="hint">{texts.noZone}</p>
      ) : (
        <>
          <Zone zone={zone} model={device.model} />
          <Newest id={id} />
        </>
      )}
    </section>
  );
}

function Zone({ zone, model }: { readonly zone: string; readonly model: string }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = STREET_TEXTS[code];
  const detail = useLoaded<ZoneDetailJson>(`/api/v1/zones/${zone}`, EVERY_MS);
  const commands = useLoaded<ModelDescriptionJson>(`/api/v1/models/${model}/description`).value?.commands ?? null;
  const keySet = detail.value?.keySet ?? null;
  const counts = (keys: ZoneDetailJson['keySet']): Readonly<Record<string, string>> => ({
    count: formatNumber(keys.keys.length, tag),
    threshold: formatNumber(keys.threshold, tag),
    dangerous: formatNumber(keys.dangerousThreshold, tag),
  });
  return (
    <>
      <Facts
        facts={[
          [
            texts.zone,
            <IdLink
              key="zone"
              id={zone}
              to={{ view: 'area', area: 'zones', argument: zone }}
              label={detail.value?.name ?? null}
            />,
          ],
          [texts.mayOrder, keySet === null ? null : fill(texts.mayOrderSays, counts(keySet))],
          [texts.can, commands === null ? null : <Commands key="can" commands={commands} />],
        ]}
      />
      {detail.problem !== null && <Freshness of={detail} />}
    </>
  );
}

function Commands({ commands }: Pick<ModelDescriptionJson, 'commands'>): ReactNode {
  const { code, tag } = useLanguage();
  if (commands.length === 0) return STREET_TEXTS[code].canNothing;
  return (
    <ul className="values">
      {commands.map(({ name, parameters }) => (
        <li key={name}>
          <Quoted text={name} />
          {parameters.map((each) => (
            <span key={each.name}>
              {' '}
              <Quoted
                text={`${each.name} ${formatNumber(each.min, tag)}–${formatNumber(each.max, tag)} ${each.unit ?? ''}`.trim()}
              />
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

function Newest({ id }: { readonly id: string }): ReactNode {
  const { code } = useLanguage();
  const texts = STREET_TEXTS[code];
  const loaded = useLoaded<Page<OrderJson>>(`/api/v1/orders?device=${id}&limit=${SHOWN}`, EVERY_MS, useOrderChanges());
  return (
    <>
      <h3>{texts.orders}</h3>
      <OrderTable label={texts.orders} rows={loaded.value?.items ?? null} empty={texts.ordersNone} />
      <Freshness of={loaded} />
    </>
  );
}
