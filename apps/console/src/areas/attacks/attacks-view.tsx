/** The attack desk: a visitor attacks a city that is founded for it, and sees who stops each attack, by which rule, and what proves it. */

import type { AttackDeskJson, AttackRequestJson } from '@oppidum/gateway/api/attacks';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatNumber } from '../../parts/format.ts';
import { ProblemText } from '../../parts/freshness.tsx';
import { Facts, Quoted, WithCode } from '../../parts/texts.tsx';
import { type Desk, useDesk } from '../../use-desk.ts';
import { AttackCard } from './attack-card.tsx';
import './attacks.css';
import { fileAddress } from './exhibit.tsx';
import { type Standing, TEXTS } from './texts.ts';

const COMMAND = 'npx --no-install oppidum attack run --all --out attacks';

/** The whole story. */
export function AttacksView(): ReactNode {
  const texts = TEXTS[useLanguage().code];
  const desk = useDesk<AttackDeskJson, AttackRequestJson>('/api/v1/attacks');
  return (
    <>
      <h1>{texts.heading}</h1>
      <p className="lead">{texts.lead}</p>
      {desk.absence === null ? (
        <Attacks of={desk} />
      ) : (
        <p className="problem">
          <WithCode text={desk.absence === 'DESK_AWAY' ? texts.away : texts.noDesk} />
        </p>
      )}
      <h2>{texts.wordsHeading}</h2>
      <Facts facts={texts.words} />
      <Elsewhere policy={desk.desk?.policy ?? null} />
    </>
  );
}

function Attacks({ of: { desk, problem, begin, clear } }: { readonly of: Desk<AttackDeskJson, AttackRequestJson> }): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TEXTS[code];
  if (desk === null)
    return problem === null ? <p role="status">{sentences.loading}</p> : <ProblemText {...problem} isKnown={false} />;
  const isBusy = desk.state === 'working';
  return (
    <>
      <p className="card">{texts.ownCity}</p>
      <p className="actions">
        <button type="button" className="main" disabled={isBusy} onClick={() => void begin({})}>
          {texts.all}
        </button>
        {desk.state !== 'empty' && (
          <button type="button" onClick={() => void clear()}>
            {isBusy ? texts.stop : texts.clear}
          </button>
        )}
      </p>
      {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
      <div role="status">
        <Progress desk={desk} />
      </div>
      <Result desk={desk} />
      <h2>{texts.listHeading}</h2>
      {desk.policy !== null && <p className="hint">{texts.evidenceHint}</p>}
      <div className="attacks">
        {desk.attacks.map((attack) => (
          <AttackCard
            key={attack.name}
            attack={attack}
            standing={standingOf(desk, attack.name)}
            outcome={desk.outcomes.find((each) => each.attack === attack.name) ?? null}
            policy={desk.policy}
            isBusy={isBusy}
            onBegin={() => void begin({ attack: attack.name })}
          />
        ))}
      </div>
    </>
  );
}

function standingOf({ state, asked, running, outcomes }: AttackDeskJson, name: string): Standing {
  const outcome = outcomes.find(({ attack }) => attack === name);
  if (outcome !== undefined) return outcome.ending;
  if (!asked.includes(name)) return 'idle';
  if (state === 'failed') return 'missing';
  return running === name ? 'running' : 'waiting';
}

function Progress({ desk: { state, running, asked, outcomes } }: { readonly desk: AttackDeskJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  if (state !== 'working') return null;
  if (running === null) return <p className="card">{texts.founding}</p>;
  return (
    <div className="card">
      <p>
        {fill(texts.now, {
          place: formatNumber(asked.indexOf(running) + 1, tag),
          count: formatNumber(asked.length, tag),
          name: running,
        })}
      </p>
      <progress max={asked.length} value={outcomes.length} aria-label={texts.heading} />
    </div>
  );
}

function Result({ desk: { state, asked, outcomes, reason } }: { readonly desk: AttackDeskJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  if (outcomes.length === 0 && state !== 'failed') return null;
  const countOf = (ending: string): number => outcomes.filter((each) => each.ending === ending).length;
  const succeeded = countOf('succeeded');
  const counts = { prevented: countOf('prevented'), detected: countOf('detected'), succeeded };
  return (
    <section data-result={state}>
      <h2>{texts.resultHeading}</h2>
      {outcomes.length > 0 && (
        <p>
          {fill(
            texts.counts,
            Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, formatNumber(count, tag)])),
          )}
        </p>
      )}
      {succeeded > 0 && (
        <p role="alert">
          <span className="ending succeeded">
            <span aria-hidden="true">✗ </span>
            {fill(texts.someSucceeded, { count: formatNumber(succeeded, tag) })}
          </span>
        </p>
      )}
      {state === 'done' && succeeded === 0 && outcomes.length === asked.length && (
        <p>
          <span className="ending prevented">
            <span aria-hidden="true">✓ </span>
            {texts.allStopped}
          </span>
        </p>
      )}
      {state === 'failed' && (
        <p className="problem" role="alert">
          {texts.failed}{' '}
          <span lang="en" dir="ltr">
            <Quoted text={reason ?? ''} />
          </span>
        </p>
      )}
    </section>
  );
}

function Elsewhere({ policy }: { readonly policy: string | null }): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TEXTS[code];
  return (
    <section>
      <h2>{texts.elsewhereHeading}</h2>
      <p>{texts.elsewhere}</p>
      <pre dir="ltr" tabIndex={0}>
        {COMMAND}
      </pre>
      <p className="actions">
        {policy !== null && (
          <a href={fileAddress(policy)} download="attacked.policy">
            {texts.savePolicy}
          </a>
        )}
        <a href="/verify">{sentences.openVerifier}</a>
      </p>
    </section>
  );
}
