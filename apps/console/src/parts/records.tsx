/** Values of a reading: names and units are the device's own words. */

import type { RecordJson } from '@oppidum/gateway/api/readings';
import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { formatRecord } from './format.ts';
import { Quoted } from './texts.tsx';

/** Characters of one value in a list. */
const VALUE_LENGTH_MAX = 120;

/** All of them, one a line. */
export function Records({ records }: { readonly records: readonly RecordJson[] }): ReactNode {
  return (
    <ul className="values">
      {records.map((record) => (
        <li key={`${record.name} ${record.timeMs}`}>
          <Quoted text={record.name} lengthMax={VALUE_LENGTH_MAX} /> <Value of={record} />
        </li>
      ))}
    </ul>
  );
}

/** The value of one, with its unit. */
export function Value({ of, lengthMax = VALUE_LENGTH_MAX }: { readonly of: RecordJson; readonly lengthMax?: number }): ReactNode {
  const { tag } = useLanguage();
  return <bdi>{formatRecord(of, tag, lengthMax)}</bdi>;
}
