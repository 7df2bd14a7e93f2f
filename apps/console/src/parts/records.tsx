/** Values of a reading: names and units are the device's own words. */

import type { RecordJson } from '@oppidum/gateway/api/readings';
import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { formatAmount, unitText } from './format.ts';
import { Quoted } from './texts.tsx';

/** Characters of one value in a list. */
const VALUE_LENGTH_MAX = 120;

/** All of them, one a line. */
export function Records({ records }: { readonly records: readonly RecordJson[] }): ReactNode {
  const { tag } = useLanguage();
  return (
    <ul className="values">
      {records.map((record) => (
        <li key={`${record.name} ${record.timeMs}`}>
          <Quoted text={record.name} lengthMax={VALUE_LENGTH_MAX} />{' '}
          <Quoted text={valueText(record, tag)} lengthMax={VALUE_LENGTH_MAX} />
        </li>
      ))}
    </ul>
  );
}

/** The value with its unit. */
export function valueText({ value, unit, sum, data }: RecordJson, tag: string): string {
  const shown = value ?? (data === null ? sum : `${data.length} base64`);
  return typeof shown === 'number' ? formatAmount(shown, unit, tag) : `${shown ?? '–'} ${unitText(unit)}`.trim();
}
