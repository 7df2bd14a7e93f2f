/** What machines signed about an order: of one, or of as many as a page shows. */

import type { OrderDetailJson, OrderDeviceJson } from '@oppidum/gateway/api/orders';
import { type ReactNode, useState } from 'react';
import type { Page } from '../../api.ts';
import { useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Freshness } from '../../parts/freshness.tsx';
import { IdLink, Quoted, StateBadge, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { TEXTS } from './texts.ts';

const EVERY_MS = 5_000;
const SHOWN = 100;

/** `changes`: grows when there may be more. */
export function OrderAnswers({ order, changes }: { readonly order: OrderDetailJson; readonly changes: number }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <section aria-labelledby="answers-heading">
      <h2 id="answers-heading">{texts.answersHeading}</h2>
      {order.device === null ? (
        <OfMany id={order.id} changes={changes} />
      ) : (
        <AnswerTable rows={order.answers.map((answer) => ({ ...answer, device: order.device as string }))} />
      )}
    </section>
  );
}

function OfMany({ id, changes }: { readonly id: string; readonly changes: number }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [cursor, setCursor] = useState<string | null>(null);
  const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const loaded = useLoaded<Page<OrderDeviceJson>>(`/api/v1/orders/${id}/devices?limit=${SHOWN}${from}`, EVERY_MS, changes);
  const rows = loaded.value?.items.flatMap(({ device, answers }) => answers.map((answer) => ({ ...answer, device }))) ?? null;
  const next = loaded.value?.next ?? null;
  return (
    <>
      <Freshness of={loaded} />
      <AnswerTable rows={rows} />
      {next !== null && (
        <p className="actions">
          <button type="button" onClick={() => setCursor(next)}>
            {texts.more}
          </button>
        </p>
      )}
    </>
  );
}

type Row = OrderDetailJson['answers'][number] & { readonly device: string };

function AnswerTable({ rows }: { readonly rows: readonly Row[] | null }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <DataTable
      label={texts.answersHeading}
      rows={rows}
      keyOf={({ reading, kind }) => `${reading} ${kind}`}
      empty={texts.answersNone}
      columns={[
        {
          name: 'device',
          heading: texts.columns.device,
          cell: ({ device }) => <IdLink id={device} to={{ view: 'device', id: device }} />,
        },
        {
          name: 'answer',
          heading: texts.answer,
          cell: ({ kind }) => <StateBadge state={kind === 'ack' ? 'acked' : kind} text={texts.answers[kind]} />,
        },
        {
          name: 'why',
          heading: texts.why,
          cell: (answer) => (answer.code === null ? '–' : <Quoted text={answer.code} lengthMax={80} />),
        },
        { name: 'time', heading: texts.time, cell: ({ timeMs }) => <Time ms={timeMs} /> },
        {
          name: 'reading',
          heading: texts.reading,
          cell: ({ reading }) => <IdLink id={reading} to={{ view: 'reading', id: reading }} />,
        },
      ]}
    />
  );
}
