/** Orders: all of them as they change, or the one that the address names. */

import type { OrderJson } from '@oppidum/gateway/api/orders';
import { type ReactNode, useState } from 'react';
import type { Page } from '../../api.ts';
import type { AreaProps } from '../../areas.ts';
import { useLanguage } from '../../language.ts';
import { useOrderChanges } from '../../live/use-order-changes.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { PageButtons } from '../../parts/page-buttons.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { OrderTable } from './order-table.tsx';
import { OrderView } from './order-view.tsx';
import { TEXTS } from './texts.ts';

/** Beside the stream: time alone changes orders as well. */
const EVERY_MS = 5_000;
const SHOWN = 100;
const ID = /^[0-9a-f]{64}$/;
const STATUSES = ['awaiting', 'issued', 'cancelled', 'superseded', 'reported'] as const satisfies readonly OrderJson['status'][];

/** The list, or the order that the address names. */
export function OrdersView({ argument }: AreaProps): ReactNode {
  return <div className="orders">{ID.test(argument) ? <OrderView key={argument} id={argument} /> : <OrderList />}</div>;
}

function OrderList(): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [status, setStatus] = useState('');
  const [cursor, setCursor] = useState<string | null>(null);
  const query = new URLSearchParams({ limit: String(SHOWN), ...(status === '' ? {} : { status }) });
  if (cursor !== null) query.set('cursor', cursor);
  const loaded = useLoaded<Page<OrderJson>>(`/api/v1/orders?${query}`, EVERY_MS, useOrderChanges());
  const next = loaded.value?.next ?? null;
  const choose = (chosen: string): void => {
    setStatus(chosen);
    setCursor(null);
  };
  return (
    <>
      <h1>{texts.heading}</h1>
      <p className="lead">{texts.lead}</p>
      <p>
        <a href="#/zones">{texts.zonesLink}</a>
      </p>
      <p>
        <label>
          {texts.filter}{' '}
          <select value={status} onChange={({ target }) => choose(target.value)} data-name="status">
            <option value="">{texts.all}</option>
            {STATUSES.map((each) => (
              <option key={each} value={each}>
                {texts.statuses[each]}
              </option>
            ))}
          </select>
        </label>
      </p>
      <Freshness of={loaded} />
      <OrderTable
        label={texts.heading}
        rows={loaded.value?.items ?? null}
        empty={status === '' && cursor === null ? texts.noneYet : texts.none}
      />
      <PageButtons cursor={cursor} next={next} onGo={setCursor} words={{ first: texts.newest, next: texts.older }} />
    </>
  );
}
