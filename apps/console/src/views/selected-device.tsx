/** The device that is selected on the map or in the list: its newest values, and where to go on. */

import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import type { CityDevice } from '../live/city-store.ts';
import { Records } from '../parts/records.tsx';
import { Facts, Quoted, StateBadge, Time } from '../parts/texts.tsx';
import { addressOf } from '../route.ts';

/** Live: what the device signs next is here next. */
export function SelectedDevice({ device }: { readonly device: CityDevice }): ReactNode {
  const { sentences } = useLanguage();
  const { columns, statuses } = sentences;
  const { id, label, deviceType, status, reason, lastReadingMs, values, reading } = device;
  return (
    <section className="card" aria-labelledby="selected-heading">
      <h3 id="selected-heading">
        {sentences.selectedHeading}: <Quoted text={label ?? id.slice(0, 10)} />
      </h3>
      <Facts
        facts={[
          [columns.type, <Quoted key="type" text={deviceType} />],
          [
            columns.status,
            <>
              <StateBadge state={status} text={statuses[status]} /> {reason !== null && <Quoted text={reason} />}
            </>,
          ],
          [columns.lastReading, <Time key="last" ms={lastReadingMs} />],
          [
            columns.values,
            values.length === 0 ? (
              <span key="none" className="hint">
                {sentences.noValues}
              </span>
            ) : (
              <Records key="values" records={values} />
            ),
          ],
        ]}
      />
      <p className="actions">
        <a href={addressOf({ view: 'device', id })}>{sentences.openDevice}</a>
        {reading !== null && <a href={addressOf({ view: 'reading', id: reading })}>{sentences.openReading}</a>}
      </p>
    </section>
  );
}
