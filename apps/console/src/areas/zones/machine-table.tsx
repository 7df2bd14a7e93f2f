/** Machines of a zone, and whether each can be ordered from here now. */

import type { ZoneDeviceJson } from '@oppidum/gateway/api/orders';
import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { formatSpan } from '../../parts/format.ts';
import { IdLink } from '../../parts/texts.tsx';
import { TEXTS } from './texts.ts';

/** `columns`: what is said of each beside its name. */
export function MachineTable({
  rows,
  columns,
}: {
  readonly rows: readonly ZoneDeviceJson[] | null;
  readonly columns: readonly Column<ZoneDeviceJson>[];
}): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  return (
    <DataTable
      label={texts.machinesHeading}
      rows={rows}
      keyOf={({ device }) => device}
      empty={texts.machinesNone}
      columns={[
        {
          name: 'device',
          heading: texts.machine,
          cell: ({ device, label }) => <IdLink id={device} to={{ view: 'device', id: device }} label={label} />,
          order: ({ device, label }) => label ?? device,
        },
        ...columns,
        {
          name: 'challenge',
          heading: texts.challenge,
          cell: ({ challengeAgeMs }) => (challengeAgeMs === null ? texts.challengeNone : formatSpan(challengeAgeMs, tag)),
        },
      ]}
    />
  );
}
