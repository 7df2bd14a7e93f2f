/** One device: who it is, whose, its keys, and what it measured as pictures and as tables. */

import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { DeviceDetailJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useMemo } from 'react';
import { ActLink } from '../areas/keys/act-link.tsx';
import { useLanguage } from '../language.ts';
import { Chart, type Point } from '../parts/chart.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { Records } from '../parts/records.tsx';
import { Facts, Id, IdLink, Quoted, StateBadge, Time, YesNo } from '../parts/texts.tsx';
import { useLoaded } from '../use-loaded.ts';

const DEVICE_EVERY_MS = 5_000;
const READINGS_EVERY_MS = 2_000;
const READINGS_SHOWN = 100;
/** More series than this are only in the table. */
const CHARTS_MAX = 4;

type ReadingPage = { readonly items: readonly ReadingJson[]; readonly next: string | null };
type Series = { readonly name: string; readonly unit: string; readonly points: readonly Point[] };

/** The device with this id. */
export function DeviceView({ id }: { readonly id: string }): ReactNode {
  const { sentences } = useLanguage();
  const device = useLoaded<DeviceDetailJson>(`/api/v1/devices/${id}`, DEVICE_EVERY_MS);
  const { value } = device;
  return (
    <>
      <h1>{value?.label ? <Quoted text={value.label} /> : sentences.deviceHeading}</h1>
      <Freshness of={device} />
      {value !== null && <Identity device={value} />}
      <ActLink device={id} />
      {value?.personal === true ? <p className="problem">{sentences.personalNote}</p> : <Readings id={id} />}
      {value !== null && <Keys device={value} />}
    </>
  );
}

function Identity({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { sentences, words } = useLanguage();
  const { columns, statuses } = sentences;
  const { id, modelName, deviceType, manufacturerName, status, simulated, personal, grade, reason } = device;
  return (
    <section className="card">
      <h2>{sentences.identity}</h2>
      <Facts
        facts={[
          [sentences.identifier, <Id key="id" id={id} />],
          [
            columns.status,
            <>
              <StateBadge state={status} text={statuses[status]} /> {reason !== null && <Quoted text={reason} />}
            </>,
          ],
          [columns.type, <Quoted key="type" text={deviceType} />],
          [sentences.model, <Quoted key="model" text={modelName} />],
          [sentences.manufacturer, <Quoted key="maker" text={manufacturerName} />],
          [columns.grade, grade === null ? null : words.grades[grade]],
          [sentences.simulated, <YesNo key="simulated" value={simulated} />],
          [sentences.personal, <YesNo key="personal" value={personal} />],
        ]}
      />
    </section>
  );
}

function Readings({ id }: { readonly id: string }): ReactNode {
  const { sentences, tag } = useLanguage();
  const page = useLoaded<ReadingPage>(`/api/v1/readings?device=${id}&limit=${READINGS_SHOWN}`, READINGS_EVERY_MS);
  const items = page.value?.items ?? [];
  const series = useMemo(() => seriesOf(items), [items]);
  const { columns } = sentences;
  return (
    <>
      {series.length > 0 && (
        <section className="card">
          <h2>{sentences.chartHeading}</h2>
          <p className="hint">{sentences.chartNote}</p>
          <div className="charts">
            {series.slice(0, CHARTS_MAX).map((each) => (
              <Chart key={each.name} {...each} />
            ))}
          </div>
        </section>
      )}
      <section aria-labelledby="readings-heading">
        <h2 id="readings-heading">{sentences.tableHeading}</h2>
        <DataTable
          label={sentences.tableHeading}
          rows={items}
          keyOf={(reading) => reading.id}
          empty={sentences.none}
          columns={[
            { name: 'time', heading: columns.time, cell: ({ timeMs }) => <Time ms={timeMs} /> },
            {
              name: 'sequence',
              heading: columns.sequence,
              cell: ({ id: digest, sequence }) => (
                <IdLink id={digest} to={{ view: 'reading', id: digest }} label={formatNumber(sequence, tag)} />
              ),
            },
            { name: 'value', heading: columns.value, cell: ({ records }) => <Records records={records} /> },
            { name: 'proven', heading: columns.proven, cell: ({ anchored }) => <YesNo value={anchored} /> },
          ]}
        />
        <Freshness of={page} />
      </section>
    </>
  );
}

function Keys({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { sentences, words } = useLanguage();
  const { columns } = sentences;
  return (
    <section aria-labelledby="keys-heading">
      <h2 id="keys-heading">{sentences.keysHeading}</h2>
      <DataTable
        label={sentences.keysHeading}
        rows={device.keys}
        keyOf={({ number }) => String(number)}
        empty={sentences.none}
        columns={[
          { name: 'number', heading: columns.key, cell: ({ number, algorithm }) => `${number} (${algorithm})` },
          { name: 'grade', heading: columns.grade, cell: ({ grade }) => words.grades[grade] },
          { name: 'from', heading: columns.from, cell: ({ from }) => from ?? '–' },
          { name: 'to', heading: columns.to, cell: ({ to }) => to ?? '–' },
        ]}
      />
    </section>
  );
}

/** The numeric records of readings by their names, oldest first. */
function seriesOf(readings: readonly ReadingJson[]): readonly Series[] {
  const byName = new Map<string, { unit: string; points: Point[] }>();
  for (const { records } of readings) {
    for (const { name, unit, value, timeMs } of records) {
      if (typeof value !== 'number') continue;
      const series = byName.get(name) ?? { unit: unit ?? '', points: [] };
      series.points.push({ timeMs, value });
      byName.set(name, series);
    }
  }
  return [...byName].map(([name, { unit, points }]) => ({ name, unit, points: points.sort((a, b) => a.timeMs - b.timeMs) }));
}
