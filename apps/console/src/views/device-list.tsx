/** The devices of the city as a list: the same as on the map, for whoever does not see it. */

import { type ReactNode, useMemo, useState } from 'react';
import { fill, useLanguage } from '../language.ts';
import type { CityDevice } from '../live/city-store.ts';
import { byName } from '../parts/by-name.ts';
import { formatNumber } from '../parts/format.ts';
import { IdLink, Quoted, StateBadge, Time } from '../parts/texts.tsx';
import { VirtualTable, type WideColumn } from '../parts/virtual-table.tsx';
import { LAYER_TEXTS } from '../texts/layers.ts';
import { MARK_SHAPES, type Mark } from './city-layers.ts';

/** By what a list may be sorted: what changes with every reading is no order that anybody could read in. */
type Order = 'device' | 'type' | 'status';
type Sorting = { readonly by: Order; readonly isDescending: boolean };

type DeviceListProps = {
  /** Which, as they are named; `byId` has the newest of each. */
  readonly devices: readonly CityDevice[];
  readonly byId: ReadonlyMap<string, CityDevice>;
  readonly marks: ReadonlyMap<string, Mark>;
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
  readonly isLoading: boolean;
};

/** Rows that can be selected; the name leads to the device. */
export function DeviceList({ devices, byId, marks, selected, onSelect, isLoading }: DeviceListProps): ReactNode {
  const { sentences, tag } = useLanguage();
  const [sorting, setSorting] = useState<Sorting>({ by: 'device', isDescending: false });
  const sorted = useMemo(() => sortDevices(devices, sorting, tag), [devices, sorting, tag]);
  const rows = useMemo(() => sorted.map((device) => byId.get(device.id) ?? device), [sorted, byId]);
  const columns = useColumns(sorting, setSorting, onSelect, selected, marks);
  if (devices.length === 0) return <p className="hint">{isLoading ? sentences.loading : sentences.none}</p>;
  return (
    <VirtualTable
      label={sentences.devicesHeading}
      rows={rows}
      columns={columns}
      keyOf={keyOf}
      total={rows.length}
      selected={selected}
      onSelect={onSelect}
    />
  );
}

function keyOf({ id }: CityDevice): string {
  return id;
}

function sortDevices(devices: readonly CityDevice[], { by, isDescending }: Sorting, tag: string): readonly CityDevice[] {
  const compare = byName(tag);
  const nameOf = ({ label, id }: CityDevice): string => label ?? id;
  const textOf = { device: nameOf, type: ({ deviceType }: CityDevice) => deviceType, status: ({ status }: CityDevice) => status }[
    by
  ];
  const factor = isDescending ? -1 : 1;
  return [...devices].sort(
    (a, b) => factor * compare(textOf(a), textOf(b)) || compare(nameOf(a), nameOf(b)) || (a.id < b.id ? -1 : 1),
  );
}

function useColumns(
  sorting: Sorting,
  setSorting: (sorting: Sorting) => void,
  onSelect: (id: string) => void,
  selected: string | null,
  marks: ReadonlyMap<string, Mark>,
): readonly WideColumn<CityDevice>[] {
  const { sentences, tag, code } = useLanguage();
  const layerTexts = LAYER_TEXTS[code];
  return useMemo(() => {
    const { columns, statuses } = sentences;
    const sortable = (by: Order) =>
      ({
        name: by,
        onSort: () => setSorting({ by, isDescending: sorting.by === by && !sorting.isDescending }),
        sorted: sorting.by !== by ? 'none' : sorting.isDescending ? 'descending' : 'ascending',
      }) as const;
    return [
      {
        ...sortable('device'),
        heading: columns.device,
        width: 11,
        cell: ({ id, label }) => (
          <span className="pick">
            <button
              type="button"
              aria-pressed={id === selected}
              aria-label={fill(sentences.pick, { name: label ?? id.slice(0, 10) }).slice(0, 200)}
              onClick={() => onSelect(id)}
            >
              <span aria-hidden="true">◎</span>
            </button>
            <IdLink id={id} to={{ view: 'device', id }} label={label} />
          </span>
        ),
      },
      {
        ...sortable('type'),
        heading: columns.type,
        width: 8,
        cell: ({ deviceType }) => <Quoted text={deviceType} lengthMax={80} />,
      },
      {
        ...sortable('status'),
        heading: columns.status,
        width: 6.5,
        cell: ({ status }) => <StateBadge state={status} text={statuses[status]} />,
      },
      {
        name: 'now',
        heading: layerTexts.column,
        width: 11,
        cell: ({ id }) => {
          const mark = marks.get(id) ?? 'none';
          return mark === 'none' ? (
            '–'
          ) : (
            <>
              <span aria-hidden="true">{MARK_SHAPES[mark]}</span> {layerTexts.marks[mark]}
            </>
          );
        },
      },
      { name: 'last', heading: columns.lastReading, width: 12.5, cell: ({ lastReadingMs }) => <Time ms={lastReadingMs} /> },
      { name: 'count', heading: columns.readings, width: 5.5, cell: ({ readingCount }) => formatNumber(readingCount, tag) },
    ];
  }, [sentences, tag, layerTexts, marks, sorting, setSorting, onSelect, selected]);
}
