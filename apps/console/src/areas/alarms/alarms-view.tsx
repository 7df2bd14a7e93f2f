/** Alarms: those that are not over, or others; or the one that the address names. */

import { SEVERITIES } from '@oppidum/formats/alarm';
import { ALARM_STATES } from '@oppidum/formats/alarm-life';
import type { AlarmCountsJson, AlarmJson } from '@oppidum/gateway/api/alarms';
import { type ReactNode, useState } from 'react';
import type { Page } from '../../api.ts';
import type { AreaProps } from '../../areas.ts';
import { fill, useLanguage } from '../../language.ts';
import { useAlarmChanges } from '../../live/use-order-changes.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { PageButtons } from '../../parts/page-buttons.tsx';
import { IdLink, StateBadge, Time } from '../../parts/texts.tsx';
import { addressOf } from '../../route.ts';
import { useLoaded } from '../../use-loaded.ts';
import { Answerer, Calls, Subject } from './alarm-parts.tsx';
import { AlarmView } from './alarm-view.tsx';
import './alarms.css';
import { TEXTS, WORDS } from './texts.ts';

/** Beside the stream: time alone opens and escalates. */
const EVERY_MS = 5_000;
const SHOWN = 100;
const ID = /^[0-9a-f]{64}$/;

/** The list, or the alarm that the address names. */
export function AlarmsView({ argument }: AreaProps): ReactNode {
  return ID.test(argument) ? <AlarmView key={argument} id={argument} /> : <AlarmList />;
}

function AlarmList(): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [state, setState] = useState('unclosed');
  const [severity, setSeverity] = useState('');
  const [cursor, setCursor] = useState<string | null>(null);
  const changes = useAlarmChanges();
  const query = new URLSearchParams({ limit: String(SHOWN) });
  if (state !== '') query.set('state', state);
  if (severity !== '') query.set('severity', severity);
  if (cursor !== null) query.set('cursor', cursor);
  const loaded = useLoaded<Page<AlarmJson>>(`/api/v1/alarms?${query}`, EVERY_MS, changes);
  const isAll = state === 'unclosed' && severity === '' && cursor === null;
  const choose = (set: (chosen: string) => void) => (chosen: string) => {
    set(chosen);
    setCursor(null);
  };
  return (
    <>
      <h1>{texts.heading}</h1>
      <p className="lead">{texts.lead}</p>
      <Counts changes={changes} />
      <div className="filters">
        <label>
          {texts.filterState}{' '}
          <select value={state} onChange={({ target }) => choose(setState)(target.value)} data-name="state">
            <option value="unclosed">{texts.unclosed}</option>
            {ALARM_STATES.map((each) => (
              <option key={each} value={each}>
                {texts.states[each]}
              </option>
            ))}
            <option value="">{texts.all}</option>
          </select>
        </label>
        <label>
          {texts.filterSeverity}{' '}
          <select value={severity} onChange={({ target }) => choose(setSeverity)(target.value)} data-name="severity">
            <option value="">{texts.all}</option>
            {SEVERITIES.map((each) => (
              <option key={each} value={each}>
                {texts.severities[each]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Freshness of={loaded} />
      <DataTable
        label={texts.heading}
        rows={loaded.value?.items ?? null}
        keyOf={({ id }) => id}
        empty={isAll ? texts.quiet : texts.none}
        columns={useColumns()}
      />
      <PageButtons
        cursor={cursor}
        next={loaded.value?.next ?? null}
        onGo={setCursor}
        words={{ first: texts.newest, next: texts.older }}
      />
    </>
  );
}

function Counts({ changes }: { readonly changes: number }): ReactNode {
  const { code, tag } = useLanguage();
  const { value } = useLoaded<AlarmCountsJson>('/api/v1/alarms/counts', EVERY_MS, changes);
  if (value === null) return null;
  const { open, escalated, acknowledged } = value;
  const numbers = {
    open: formatNumber(open, tag),
    escalated: formatNumber(escalated, tag),
    acknowledged: formatNumber(acknowledged, tag),
  };
  return <p data-name="counts">{fill(TEXTS[code].counts, numbers)}</p>;
}

function useColumns(): readonly Column<AlarmJson>[] {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { columns } = texts;
  const words = WORDS[code].choices;
  return [
    {
      name: 'cause',
      heading: columns.cause,
      cell: ({ id, cause }) => (
        <a href={addressOf({ view: 'area', area: 'alarms', argument: id })} title={id}>
          {words[cause]}
        </a>
      ),
    },
    {
      name: 'severity',
      heading: columns.severity,
      order: ({ severity }) => SEVERITIES.indexOf(severity),
      cell: ({ severity }) => <StateBadge state={severity} text={texts.severities[severity]} />,
    },
    {
      name: 'state',
      heading: columns.state,
      cell: ({ state }) => <StateBadge state={state} text={texts.states[state]} />,
    },
    { name: 'about', heading: columns.about, cell: ({ subject }) => <Subject of={subject} /> },
    {
      name: 'zone',
      heading: columns.zone,
      cell: ({ zone, zoneName }) =>
        zone === null ? '–' : <IdLink id={zone} to={{ view: 'area', area: 'zones', argument: zone }} label={zoneName} />,
    },
    { name: 'since', heading: columns.since, order: ({ openedMs }) => openedMs, cell: ({ openedMs }) => <Time ms={openedMs} /> },
    { name: 'count', heading: columns.count, order: ({ count }) => count, cell: ({ count }) => formatNumber(count, tag) },
    { name: 'calls', heading: columns.calls, cell: (alarm) => <Calls alarm={alarm} /> },
    { name: 'answers', heading: columns.answers, cell: ({ acknowledgement }) => <Answerer of={acknowledgement} /> },
  ];
}
