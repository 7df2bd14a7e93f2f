/** What each row is: a page of the table at a time, for a file may have a hundred thousand. */

import type { FailedRow } from '@oppidum/onboarding/device-rows';
import { describeProblem } from '@oppidum/onboarding/row-problems';
import { type ReactNode, useMemo, useState } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { IdLink, Quoted, StateBadge } from '../../parts/texts.tsx';
import type { ImportTexts, RowState } from './texts.ts';
import type { Outcomes } from './use-import.ts';

type ShownRow = {
  readonly line: number;
  readonly label: string;
  readonly id: string | null;
  readonly state: RowState;
  readonly why: string;
};

const PAGE_COUNT = 100;
/** In the order in which they are offered. */
const STATES: readonly RowState[] = ['new', 'registered', 'known', 'failed'];
/** Colours of states, which only repeat the words. */
const COLORS: Readonly<Record<RowState, string>> = { new: 'unknown', registered: 'active', known: 'unknown', failed: 'revoked' };

/** The table with its filter and pages. */
export function RowsSection({
  texts,
  outcomes,
  onSave,
}: {
  readonly texts: ImportTexts;
  readonly outcomes: Outcomes;
  readonly onSave: (failed: readonly FailedRow[]) => void;
}): ReactNode {
  const { tag } = useLanguage();
  const [filter, setFilter] = useState<RowState | 'all'>('all');
  const [page, setPage] = useState(0);
  const rows = useMemo(() => shownRows(outcomes, texts), [outcomes, texts]);
  const chosen = filter === 'all' ? rows : rows.filter(({ state }) => state === filter);
  const last = Math.max(0, Math.ceil(chosen.length / PAGE_COUNT) - 1);
  const at = Math.min(page, last);
  const shown = chosen.slice(at * PAGE_COUNT, (at + 1) * PAGE_COUNT);
  const range = { from: at * PAGE_COUNT + 1, to: at * PAGE_COUNT + shown.length, total: chosen.length };
  const numbers = Object.fromEntries(Object.entries(range).map(([name, value]) => [name, formatNumber(value, tag)]));
  return (
    <section className="card" id="rows">
      <h2>{texts.rowsHeading}</h2>
      <Counts texts={texts} rows={rows} failed={outcomes.failed} onSave={onSave} />
      <p className="actions">
        <label>
          {texts.show}{' '}
          <select
            value={filter}
            onChange={({ target }) => {
              setFilter(STATES.find((state) => state === target.value) ?? 'all');
              setPage(0);
            }}
          >
            {(['all', ...STATES] as const).map((state) => (
              <option key={state} value={state}>
                {state === 'all' ? texts.all : texts.states[state]}
              </option>
            ))}
          </select>
        </label>
        {chosen.length > PAGE_COUNT && (
          <>
            <button type="button" disabled={at === 0} onClick={() => setPage(at - 1)}>
              {texts.previous}
            </button>
            <button type="button" disabled={at === last} onClick={() => setPage(at + 1)}>
              {texts.next}
            </button>
          </>
        )}
        {chosen.length > 0 && <span>{fill(texts.paging, numbers)}</span>}
      </p>
      <DataTable
        label={texts.rowsHeading}
        rows={shown}
        columns={columnsOf(texts)}
        keyOf={({ line, id }) => `${line} ${id ?? ''}`}
        empty={texts.noRows}
      />
    </section>
  );
}

/** How many rows of each kind there are, and those that failed as a file. */
function Counts({
  texts,
  rows,
  failed,
  onSave,
}: {
  readonly texts: ImportTexts;
  readonly rows: readonly ShownRow[];
  readonly failed: readonly FailedRow[];
  readonly onSave: (failed: readonly FailedRow[]) => void;
}): ReactNode {
  const { tag } = useLanguage();
  const counts = useMemo(() => STATES.map((state) => [state, rows.filter((row) => row.state === state).length] as const), [rows]);
  return (
    <>
      <div role="status">
        <dl className="counters">
          {counts.map(([state, count]) => (
            <div key={state} data-state={state}>
              <dt>{texts.states[state]}</dt>
              <dd>{formatNumber(count, tag)}</dd>
            </div>
          ))}
        </dl>
      </div>
      {failed.length > 0 && (
        <p className="actions">
          <button type="button" onClick={() => onSave(failed)}>
            {texts.saveFailed}
          </button>
          <span className="hint">{texts.saveFailedHint}</span>
        </p>
      )}
    </>
  );
}

function columnsOf(texts: ImportTexts): readonly Column<ShownRow>[] {
  return [
    { name: 'line', heading: texts.columns.line, cell: ({ line }) => line },
    { name: 'label', heading: texts.columns.label, cell: ({ label }) => <Quoted text={label} /> },
    {
      name: 'device',
      heading: texts.columns.device,
      cell: ({ id, state }) => {
        if (id === null) return '–';
        const isThere = state === 'known' || state === 'registered';
        return isThere ? <IdLink id={id} to={{ view: 'device', id }} /> : <code dir="ltr">{id.slice(0, 10)}…</code>;
      },
    },
    {
      name: 'state',
      heading: texts.columns.state,
      cell: ({ state }) => <StateBadge state={COLORS[state]} text={texts.states[state]} />,
    },
    { name: 'why', heading: texts.columns.why, cell: ({ why }) => <Quoted text={why} /> },
  ];
}

function shownRows({ fresh, known, registered, failed }: Outcomes, texts: ImportTexts): readonly ShownRow[] {
  const good = ([state, rows]: readonly [RowState, Outcomes['fresh']]): ShownRow[] =>
    rows.map(({ line, id, device }) => ({ line, id, state, label: device.label ?? '', why: '' }));
  const bad = failed.map(({ line, id, cells, problem }): ShownRow => {
    return { line, id, state: 'failed', label: cells[0] ?? '', why: describeProblem(problem, texts.problems) };
  });
  const kinds = [
    ['new', fresh],
    ['known', known],
    ['registered', registered],
  ] as const;
  return [...kinds.flatMap(good), ...bad].sort((a, b) => a.line - b.line);
}
