/** A permanent page of one reading, which can be checked here. */

import type { ReadingDetailJson } from '@oppidum/gateway/api/readings';
import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { CheckHere } from '../parts/check-here.tsx';
import { EnvelopeView } from '../parts/envelope-view.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { Records } from '../parts/records.tsx';
import { Facts, Id, IdLink, Time, YesNo } from '../parts/texts.tsx';
import { useLoaded } from '../use-loaded.ts';

/** A reading with all its values and the bytes that the device signed. */
export function ReadingView({ id }: { readonly id: string }): ReactNode {
  const { sentences, words, tag } = useLanguage();
  const reading = useLoaded<ReadingDetailJson>(`/api/v1/readings/${id}`);
  const { value } = reading;
  const { columns } = sentences;
  return (
    <>
      <h1>{sentences.readingHeading}</h1>
      <Freshness of={reading} />
      {value !== null && (
        <>
          <Facts
            facts={[
              [sentences.identifier, <Id key="id" id={id} />],
              [
                columns.device,
                <IdLink key="device" id={value.device} to={{ view: 'device', id: value.device }} label={value.label} />,
              ],
              [columns.sequence, formatNumber(value.sequence, tag)],
              [columns.time, <Time key="time" ms={value.timeMs} />],
              [columns.grade, value.grade === null ? null : words.grades[value.grade]],
              [columns.proven, <YesNo key="proven" value={value.anchored} />],
              [columns.value, <Records key="values" records={value.records} />],
            ]}
          />
          {value.envelope !== null && (
            <details className="card">
              <summary>{sentences.envelopeHeading}</summary>
              <EnvelopeView envelope={value.envelope} id={id} />
            </details>
          )}
        </>
      )}
      <CheckHere id={id} shown={value === null ? null : { fact: 'reading', ...value }} />
    </>
  );
}
