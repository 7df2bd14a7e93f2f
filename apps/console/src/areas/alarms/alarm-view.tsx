/** One alarm: since when, by what evidence, who answers for it, and answering. */

import type { AlarmJson } from '@oppidum/gateway/api/alarms';
import type { CityJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { useAlarmChanges } from '../../live/use-order-changes.ts';
import { CheckHere } from '../../parts/check-here.tsx';
import { formatNumber } from '../../parts/format.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { Facts, Id, IdLink, StateBadge, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { Acknowledge } from './acknowledge.tsx';
import { Answerer, Calls, Detail, Subject } from './alarm-parts.tsx';
import './alarms.css';
import { TEXTS, WORDS } from './texts.ts';

const EVERY_MS = 5_000;

/** The alarm with this id. */
export function AlarmView({ id }: { readonly id: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const loaded = useLoaded<AlarmJson>(`/api/v1/alarms/${id}`, EVERY_MS, useAlarmChanges());
  const city = useLoaded<CityJson>('/api/v1/city').value;
  const alarm = loaded.value;
  return (
    <>
      <p>
        <a href="#/alarms">{texts.back}</a>
      </p>
      <h1 className="cause">{alarm === null ? texts.alarmHeading : WORDS[code].choices[alarm.cause]}</h1>
      <p>
        <Id id={id} />
      </p>
      <Freshness of={loaded} />
      {alarm !== null && (
        <>
          <What alarm={alarm} />
          {alarm.state === 'open' && city !== null && <Acknowledge alarm={alarm} genesis={city.genesis} />}
          <Opening alarm={alarm} />
        </>
      )}
    </>
  );
}

function What({ alarm }: { readonly alarm: AlarmJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { columns } = texts;
  const { severity, state, zone, zoneName, acknowledgement, closed, nextMs } = alarm;
  return (
    <section className="card" aria-label={texts.alarmHeading}>
      <Facts
        facts={[
          [columns.severity, <StateBadge key="severity" state={severity} text={texts.severities[severity]} />],
          [columns.state, <StateBadge key="state" state={state} text={texts.states[state]} />],
          [columns.about, <Subject key="about" of={alarm.subject} />],
          [
            columns.zone,
            zone === null ? null : (
              <IdLink key="zone" id={zone} to={{ view: 'area', area: 'zones', argument: zone }} label={zoneName} />
            ),
          ],
          [texts.detail, alarm.detail === null ? null : <Detail key="detail" of={alarm} text={alarm.detail} />],
          [columns.since, <Time key="since" ms={alarm.openedMs} />],
          [texts.last, <Time key="last" ms={alarm.lastMs} />],
          [columns.count, formatNumber(alarm.count, tag)],
          [texts.openings, formatNumber(alarm.openingCount, tag)],
          [columns.calls, <Calls key="calls" alarm={alarm} />],
          [texts.nextCall, <Time key="next" ms={nextMs} />],
          [columns.answers, <Answerer key="answers" of={acknowledgement} />],
          [texts.answer, acknowledgement === null ? null : WORDS[code].choices[acknowledgement.response]],
          [texts.answeredAt, <Time key="answered" ms={acknowledgement?.atMs ?? null} />],
          [texts.closedAt, <Time key="closed" ms={closed?.atMs ?? null} />],
          [
            texts.closedBy,
            closed === null ? null : closed.by === null ? texts.closedByAnswer : <Evidence key="by" of={closed.by} />,
          ],
        ]}
      />
    </section>
  );
}

function Evidence({ of }: { readonly of: AlarmJson['opening'] }): ReactNode {
  const { code } = useLanguage();
  const text = TEXTS[code].evidence[of.kind];
  const view = of.kind === 'account' ? 'reading' : of.kind;
  const isRecord = view === 'reading' || view === 'transaction';
  return (
    <>
      {text} {isRecord ? <IdLink id={of.id} to={{ view, id: of.id }} /> : <Id id={of.id} />}
    </>
  );
}

function Opening({ alarm: { opening } }: { readonly alarm: AlarmJson }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const isProvable = opening.kind === 'reading' || opening.kind === 'transaction';
  return (
    <section aria-labelledby="opening-heading">
      <h2 id="opening-heading">{texts.openedBy}</h2>
      <p>
        <Evidence of={opening} />
      </p>
      <p className="hint">{texts.derived}</p>
      {isProvable && <CheckHere id={opening.id} shown={null} />}
    </section>
  );
}
