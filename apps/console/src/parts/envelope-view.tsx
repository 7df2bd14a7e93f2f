/** An envelope taken apart, for whoever wants to see what exactly was signed. */

import { bytesView } from '@oppidum/pages/report-view';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { type Decoded, decodeEnvelope } from '../decode-envelope.ts';
import { fill, useLanguage } from '../language.ts';
import { DEVICE_TEXTS } from '../texts/device.ts';
import { DataTable } from './data-table.tsx';
import { formatNumber } from './format.ts';
import { Facts, Quoted } from './texts.tsx';

/** Records shown; a pack may hold 10,000. */
const RECORDS_SHOWN_MAX = 200;
const RECORD_LENGTH_MAX = 400;

/** `id`: what the city says that it is. */
export function EnvelopeView({ envelope, id }: { readonly envelope: string; readonly id: string }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = DEVICE_TEXTS[code];
  const decoded = useMemo(() => decodeEnvelope(envelope), [envelope]);
  if ('code' in decoded) return <p className="problem">{fill(texts.envelopeBad, { code: decoded.code })}</p>;
  const { sizes, headers, records } = decoded;
  return (
    <>
      {decoded.id !== id && <p className="problem">{texts.digestDiffers}</p>}
      <h3>{texts.headerHeading}</h3>
      <DataTable
        label={texts.headerHeading}
        rows={headers}
        keyOf={([name]) => name}
        empty=""
        columns={[
          { name: 'label', heading: 'COSE', cell: ([, label]) => <code dir="ltr">{label}</code> },
          { name: 'field', heading: texts.field, cell: ([name]) => texts.headers[name] },
          {
            name: 'value',
            heading: texts.meaning,
            cell: ([, , value]) => (
              <code dir="ltr">
                <Quoted text={value} />
              </code>
            ),
          },
        ]}
      />
      <h3>
        {texts.recordsHeading} <span className="count">{formatNumber(records.length, tag)}</span>
      </h3>
      <ol className="values" dir="ltr">
        {records
          .slice(0, RECORDS_SHOWN_MAX)
          .map((record, place) => ({ record, place }))
          .map(({ record, place }) => (
            <li key={place}>
              <code>
                <Quoted text={record} lengthMax={RECORD_LENGTH_MAX} />
              </code>
            </li>
          ))}
      </ol>
      <h3>{texts.sizes}</h3>
      <Facts
        facts={(['header', 'payload', 'signature', 'envelope'] as const).map((part) => [
          texts.parts[part],
          formatNumber(sizes[part], tag),
        ])}
      />
      <Hex decoded={decoded} />
    </>
  );
}

function Hex({ decoded }: { readonly decoded: Decoded }): ReactNode {
  const { words } = useLanguage();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.replaceChildren(bytesView(decoded.bytes, decoded.id, words)), [decoded, words]);
  return <div ref={box} />;
}
