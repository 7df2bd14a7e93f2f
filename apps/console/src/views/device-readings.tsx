/** What a device measured: the newest as pictures, all of it as a table that loads as far as somebody scrolls. */

import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { CityJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { fill, useLanguage } from '../language.ts';
import { Chart, type Point } from '../parts/chart.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { Value } from '../parts/records.tsx';
import { IdLink, Quoted, Time, YesNo } from '../parts/texts.tsx';
import { VirtualTable, type WideColumn } from '../parts/virtual-table.tsx';
import { DEVICE_TEXTS } from '../texts/device.ts';
import { useLoaded } from '../use-loaded.ts';
import { usePages } from '../use-pages.ts';

const EVERY_MS = 2_000;
const PAGE_LIMIT = 500;
/** More series than this are only in the table, and of more readings than this the newest are drawn. */
const CHARTS_MAX = 4;
const DRAWN_MAX = 1_000;
/** Values of a reading in its row; the reading has all. */
const VALUES_SHOWN = 6;

type Series = { readonly name: string; readonly unit: string; readonly points: readonly Point[] };

const keyOf = ({ id }: ReadingJson): string => id;

/** `readingCount`: how many the city counts of this device. */
export function DeviceReadings({ id, readingCount }: { readonly id: string; readonly readingCount: number }): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = DEVICE_TEXTS[code];
  const [before, setBefore] = useState('');
  const [isAtTop, setAtTop] = useState(true);
  const beforeMs = Date.parse(before);
  const path = `/api/v1/readings?device=${id}&${Number.isNaN(beforeMs) ? '' : `to=${beforeMs}&`}`;
  const pages = usePages<ReadingJson>(path, { keyOf, limit: PAGE_LIMIT, everyMs: EVERY_MS, isPaused: !isAtTop });
  const rows = pages.value ?? [];
  const columns = useReadingColumns();
  const series = useMemo(() => seriesOf(rows.slice(0, DRAWN_MAX)), [rows]);
  const { hasOlder, loadOlder } = pages;
  const onNearEnd = useCallback(() => {
    if (hasOlder) loadOlder();
  }, [hasOlder, loadOlder]);
  const total = hasOlder ? Math.max(readingCount, rows.length + 1) : rows.length;
  const counts = { loaded: formatNumber(rows.length, tag), total: formatNumber(total, tag) };
  return (
    <>
      <Charts series={series} />
      <section aria-labelledby="readings-heading">
        <div className="row">
          <h2 id="readings-heading">
            {sentences.tableHeading} <span className="count">{formatNumber(total, tag)}</span>
          </h2>
          <label>
            {texts.before} <input type="datetime-local" value={before} onChange={({ target }) => setBefore(target.value)} />
          </label>
          <a href={`/api/v1/readings/values?device=${id}&format=csv`} download={`${id.slice(0, 12)}.csv`}>
            {texts.saveCsv}
          </a>
        </div>
        <p className="hint" role="status">
          {fill(texts.rowsNote, counts)} {!isAtTop && texts.pausedNote}
        </p>
        {rows.length === 0 ? (
          <p className="hint">{pages.value === null ? sentences.loading : sentences.none}</p>
        ) : (
          <VirtualTable
            label={sentences.tableHeading}
            rows={rows}
            columns={columns}
            keyOf={keyOf}
            total={total}
            onNearEnd={onNearEnd}
            onTop={setAtTop}
          />
        )}
        <Freshness of={pages} />
      </section>
    </>
  );
}

function Charts({ series }: { readonly series: readonly Series[] }): ReactNode {
  const { sentences } = useLanguage();
  const drawn = series.filter(isLine);
  if (drawn.length === 0) return null;
  return (
    <section className="card">
      <h2>{sentences.chartHeading}</h2>
      <p className="hint">{sentences.chartNote}</p>
      <div className="charts">
        {drawn.slice(0, CHARTS_MAX).map((each) => (
          <Chart key={each.name} {...each} />
        ))}
      </div>
    </section>
  );
}

/** What was measured once, as a place often is, is no picture: an axis of time needs two moments. */
function isLine({ points }: Series): boolean {
  return points.at(0)?.timeMs !== points.at(-1)?.timeMs;
}

function useReadingColumns(): readonly WideColumn<ReadingJson>[] {
  const { sentences, tag } = useLanguage();
  const isAnchored = useAnchored();
  return useMemo(() => {
    const { columns } = sentences;
    return [
      { name: 'time', heading: columns.time, width: 12, cell: ({ timeMs }) => <Time ms={timeMs} /> },
      {
        name: 'sequence',
        heading: columns.sequence,
        width: 6,
        cell: ({ id, sequence }) => <IdLink id={id} to={{ view: 'reading', id }} label={formatNumber(sequence, tag)} />,
      },
      {
        name: 'value',
        heading: columns.value,
        width: 26,
        cell: ({ records, recordCount }) => (
          <>
            {records.slice(0, VALUES_SHOWN).map((record, place) => (
              <span key={`${record.name} ${record.timeMs}`}>
                {place > 0 && ' · '}
                <Quoted text={record.name} lengthMax={40} />{' '}
                <strong>
                  <Value of={record} lengthMax={40} />
                </strong>
              </span>
            ))}
            {recordCount > VALUES_SHOWN && ` … (${formatNumber(recordCount, tag)})`}
          </>
        ),
      },
      { name: 'proven', heading: columns.proven, width: 6, cell: (reading) => <YesNo value={isAnchored(reading)} /> },
    ];
  }, [sentences, tag, isAnchored]);
}

/** Rows that are here for long were anchored since: the city's own sizes say so. */
function useAnchored(): (reading: ReadingJson) => boolean {
  const city = useLoaded<CityJson>('/api/v1/city', EVERY_MS).value;
  const sizes = JSON.stringify(city?.shards.map(({ id, anchoredSize }) => [id, anchoredSize]) ?? []);
  return useMemo(() => {
    const anchored = new Map(JSON.parse(sizes) as [string, number][]);
    return (reading) => reading.anchored || reading.index < (anchored.get(reading.shard) ?? 0);
  }, [sizes]);
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
