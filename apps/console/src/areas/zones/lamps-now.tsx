/** What the lamps of a zone say now: level, power and faults, as each of them signed it. */

import type { ZoneDeviceJson } from '@oppidum/gateway/api/orders';
import type { LatestPageJson, SampleJson } from '@oppidum/gateway/api/readings';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatAmount, formatNumber } from '../../parts/format.ts';
import { Value } from '../../parts/records.tsx';
import { Facts, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { MachineTable } from './machine-table.tsx';
import { NOW_TEXTS } from './texts-now.ts';

const EVERY_MS = 5_000;
/** The most that the city gives at once, over all its lamps. */
const LIMIT = 1_000;

type LampValues = { readonly level?: SampleJson; readonly power?: SampleJson; readonly fault?: SampleJson };

/** The lamps that are listed, with their newest values. */
export function Lamps({ rows }: { readonly rows: readonly ZoneDeviceJson[] | null }): ReactNode {
  const { sentences, code } = useLanguage();
  const texts = NOW_TEXTS[code];
  const values = useLampValues();
  const said = (device: string, name: keyof LampValues): SampleJson | null => values.get(device)?.[name] ?? null;
  const amount = (sample: SampleJson | null): ReactNode => (sample === null ? '–' : <Value of={sample} lengthMax={40} />);
  const order = (sample: SampleJson | null): number => (typeof sample?.value === 'number' ? sample.value : -1);
  const fault = (sample: SampleJson | null): string =>
    sample === null ? '–' : sample.value === true ? sentences.yes : sentences.no;
  return (
    <>
      {rows !== null && rows.length > 0 && <LampSummary devices={rows.map(({ device }) => device)} values={values} />}
      <MachineTable
        rows={rows}
        columns={[
          {
            name: 'level',
            heading: texts.level,
            cell: ({ device }) => amount(said(device, 'level')),
            order: ({ device }) => order(said(device, 'level')),
          },
          {
            name: 'power',
            heading: texts.power,
            cell: ({ device }) => amount(said(device, 'power')),
            order: ({ device }) => order(said(device, 'power')),
          },
          { name: 'fault', heading: texts.fault, cell: ({ device }) => fault(said(device, 'fault')) },
          {
            name: 'measured',
            heading: texts.measured,
            cell: ({ device }) => <Time ms={said(device, 'level')?.timeMs ?? null} />,
          },
        ]}
      />
    </>
  );
}

/** By the id of a device. */
function useLampValues(): ReadonlyMap<string, LampValues> {
  const pathOf = (name: string): string => `/api/v1/readings/latest?name=${name}&limit=${LIMIT}`;
  const level = useLoaded<LatestPageJson>(pathOf('dimming'), EVERY_MS).value;
  const power = useLoaded<LatestPageJson>(pathOf('power'), EVERY_MS).value;
  const fault = useLoaded<LatestPageJson>(pathOf('failure'), EVERY_MS).value;
  const values = new Map<string, LampValues>();
  for (const [name, page] of Object.entries({ level, power, fault }))
    for (const sample of page?.items ?? []) values.set(sample.device, { ...values.get(sample.device), [name]: sample });
  return values;
}

/** How bright together, how much power, how many report a fault. */
function LampSummary(props: {
  readonly devices: readonly string[];
  readonly values: ReadonlyMap<string, LampValues>;
}): ReactNode {
  const { devices, values } = props;
  const { code, tag } = useLanguage();
  const texts = NOW_TEXTS[code];
  const known = devices.flatMap((device) => values.get(device) ?? []);
  const numbers = (name: 'level' | 'power'): readonly number[] =>
    known.flatMap((each) => (typeof each[name]?.value === 'number' ? [each[name].value] : []));
  const [levels, powers] = [numbers('level'), numbers('power')];
  const mean = levels.length === 0 ? null : Math.round((1_000 * sumOf(levels)) / levels.length) / 1_000;
  const faults = known.filter(({ fault }) => fault?.value === true).length;
  const lamps = { count: formatNumber(levels.length, tag), total: formatNumber(devices.length, tag) };
  return (
    <Facts
      facts={[
        [texts.lampsHeard, fill(texts.countOf, lamps)],
        [texts.levelMean, mean === null ? null : formatAmount(mean, '/', tag)],
        [texts.powerSum, powers.length === 0 ? null : formatAmount(Math.round(10 * sumOf(powers)) / 10, 'W', tag)],
        [texts.faults, formatNumber(faults, tag)],
      ]}
    />
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
