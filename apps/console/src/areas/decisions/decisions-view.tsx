/** Decisions: what waits for approvals, one proposal with who signed, and preparing requests that are signed apart from this page. */

import type { AccountJson, BodyJson, ProposalJson } from '@oppidum/gateway/api-types';
import { nameKey } from '@oppidum/signing/describe-act';
import { type ReactNode, useCallback, useState } from 'react';
import { ApiProblem } from '../../api.ts';
import type { AreaProps } from '../../areas.ts';
import { useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber } from '../../parts/format.ts';
import { Freshness, ProblemText } from '../../parts/freshness.tsx';
import { IdLink, Quoted, StateBadge, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { AnswerPanel } from './answer-panel.tsx';
import './decisions.css';
import { NewForm } from './new-form.tsx';
import { type Ask, prepareRequest } from './prepare.ts';
import { ProposalSummary, ProposalView } from './proposal-view.tsx';
import { RequestPanel } from './request-panel.tsx';
import { forgetRequest, isStorageBlocked, type KeptRequest, keepRequest, keptRequests } from './requests.ts';
import { TEXTS } from './texts.ts';

const EVERY_MS = 3_000;
const SHOWN = 100;
const ID = /^[0-9a-f]{64}$/;

type List<T> = { readonly items: readonly T[] };

/** The list, or the proposal that the address names. */
export function DecisionsView({ argument }: AreaProps): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [current, setCurrent] = useState<KeptRequest | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const bodies = useLoaded<List<BodyJson>>('/api/v1/bodies', EVERY_MS).value?.items ?? [];
  const accounts = useLoaded<List<AccountJson>>('/api/v1/accounts?limit=500').value?.items ?? [];
  const names = new Map(accounts.flatMap(({ id, name }) => (name === null ? [] : [[nameKey('account', id), name] as const])));
  const ask = useCallback((what: Ask): void => {
    setProblem(null);
    setBusy(true);
    prepareRequest(what)
      .then((made) => setCurrent(keepRequest({ ...made, answers: [] })))
      .catch((error: unknown) => setProblem(error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error))))
      .finally(() => setBusy(false));
  }, []);
  const end = useCallback((): void => {
    if (current !== null) forgetRequest(current.id);
  }, [current]);
  return (
    <div className="decisions">
      {ID.test(argument) ? (
        <ProposalView key={argument} id={argument} bodies={bodies} names={names} onAsk={ask} />
      ) : (
        <>
          <h1>{texts.heading}</h1>
          <p className="lead">{texts.lead}</p>
          <Proposals />
          <section className="card" aria-labelledby="new-heading">
            <h2 id="new-heading">{texts.newHeading}</h2>
            <p>{texts.newHelp}</p>
            <NewForm bodies={bodies} names={names} onAsk={ask} />
          </section>
        </>
      )}
      <div aria-live="polite">
        {isBusy && <p>{texts.preparing}</p>}
        {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
      </div>
      {current !== null && (
        <>
          <RequestPanel key={`request ${current.id}`} kept={current} />
          <AnswerPanel key={current.id} kept={current} onChange={setCurrent} onEnd={end} />
        </>
      )}
      <Waiting current={current} onChoose={setCurrent} />
    </div>
  );
}

function Proposals(): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const loaded = useLoaded<List<ProposalJson>>(`/api/v1/proposals?limit=${SHOWN}`, EVERY_MS);
  const items = loaded.value?.items ?? null;
  const { columns } = texts;
  const table = (label: string, rows: readonly ProposalJson[] | null): ReactNode => (
    <section>
      <h2>{label}</h2>
      <DataTable
        label={label}
        rows={rows}
        keyOf={({ id }) => id}
        empty={texts.none}
        columns={[
          {
            name: 'id',
            heading: texts.proposalHeading,
            cell: ({ id }) => <IdLink id={id} to={{ view: 'area', area: 'decisions', argument: id }} />,
          },
          { name: 'does', heading: columns.does, cell: ({ id }) => <ProposalSummary id={id} /> },
          { name: 'body', heading: columns.body, cell: ({ bodyName }) => <Quoted text={bodyName} /> },
          {
            name: 'approvals',
            heading: columns.approvals,
            cell: ({ approvalCount, threshold }) => `${formatNumber(approvalCount, tag)} / ${formatNumber(threshold, tag)}`,
          },
          { name: 'until', heading: columns.until, cell: ({ expiresMs }) => <Time ms={expiresMs} /> },
          {
            name: 'state',
            heading: columns.state,
            cell: ({ status }) => <StateBadge state={status} text={texts.states[status]} />,
          },
        ]}
      />
    </section>
  );
  return (
    <>
      {table(texts.openHeading, items?.filter(({ status }) => status === 'open') ?? null)}
      <Freshness of={loaded} />
      {table(texts.closedHeading, items?.filter(({ status }) => status !== 'open') ?? null)}
    </>
  );
}

/** Requests of this browser whose answers are not back. */
function Waiting({
  current,
  onChoose,
}: {
  readonly current: KeptRequest | null;
  readonly onChoose: (kept: KeptRequest | null) => void;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const waiting = keptRequests().filter(({ id }) => id !== current?.id);
  return (
    <>
      {isStorageBlocked() && <p className="hint">{texts.storageBlocked}</p>}
      {waiting.length > 0 && (
        <section aria-labelledby="waiting-heading">
          <h2 id="waiting-heading">{texts.waitingHeading}</h2>
          <p className="hint">{texts.waitingHelp}</p>
          <ul className="waiting">
            {waiting.map((kept) => (
              <li key={kept.id}>
                <button type="button" onClick={() => onChoose(kept)}>
                  <code dir="ltr">{kept.id.slice(0, 12)}</code>
                </button>{' '}
                <Time ms={kept.request.transaction.validUntil} />{' '}
                <button
                  type="button"
                  onClick={() => {
                    forgetRequest(kept.id);
                    onChoose(current);
                  }}
                >
                  {texts.forget}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
