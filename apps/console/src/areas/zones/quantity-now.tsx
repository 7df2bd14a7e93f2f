/** What the sensors of an interlock say now, as far as this city shows it; the ledger judges by what was anchored. */

import { toHex } from '@oppidum/formats/bytes';
import type { Quantity } from '@oppidum/formats/envelope';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber, formatSpan } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { Value } from '../../parts/records.tsx';
import { IdLink, Quoted, Time } from '../../parts/texts.tsx';
import { cityNowMs } from '../../server-clock.ts';
import { quantityStanding } from './quantity-standing.ts';
import { TEXTS } from './texts.ts';
import { useNewestValues } from './use-newest-values.ts';

/** One measured quantity with its sensors. */
export function QuantityNow({ quantity }: { readonly quantity: Quantity }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { name, decimals, least, agreeWithin, freshMs } = quantity;
  const sensors = quantity.sensors.map((sensor) => ({ device: toHex(sensor.device), name: sensor.name }));
  const loaded = useNewestValues(sensors.map((sensor) => String(new URLSearchParams(sensor))));
  const rows = sensors.map((sensor, i) => ({ ...sensor, sample: loaded.value?.[i] ?? null }));
  const says = {
    least: formatNumber(least, tag),
    agree: formatNumber(agreeWithin / 10 ** decimals, tag),
    fresh: formatSpan(freshMs, tag),
  };
  return (
    <section className="card">
      <h3>
        {texts.quantity}: <Quoted text={name} />
      </h3>
      <p>{fill(texts.quantitySays, says)}</p>
      <DataTable
        label={`${texts.quantity}: ${name}`}
        rows={rows}
        keyOf={(row) => `${row.device} ${row.name}`}
        empty="–"
        columns={[
          {
            name: 'device',
            heading: texts.machine,
            cell: ({ device, sample }) => (
              <IdLink id={device} to={{ view: 'device', id: device }} label={sample?.label ?? null} />
            ),
          },
          { name: 'sensor', heading: texts.sensor, cell: (row) => <Quoted text={row.name} /> },
          {
            name: 'value',
            heading: texts.value,
            cell: ({ sample }) => (sample === null ? '–' : <Value of={sample} lengthMax={80} />),
          },
          { name: 'measured', heading: texts.measured, cell: ({ sample }) => <Time ms={sample?.timeMs ?? null} /> },
        ]}
      />
      {loaded.value !== null && <Now quantity={quantity} values={loaded.value} says={says} />}
      <Freshness of={loaded} />
    </section>
  );
}

function Now(props: {
  readonly quantity: Quantity;
  readonly values: Parameters<typeof quantityStanding>[1];
  readonly says: Readonly<Record<'least' | 'agree', string>>;
}): ReactNode {
  const { code, tag } = useLanguage();
  const { standing, fresh, spread } = quantityStanding(props.quantity, props.values, cityNowMs());
  const counts = { ...props.says, fresh: formatNumber(fresh, tag), spread: formatNumber(spread, tag) };
  return <p className={standing === 'speaks' ? 'hint' : 'problem'}>{fill(TEXTS[code].now[standing], counts)}</p>;
}
