/** The tamper desk: a visitor plays the dishonest operator on a copy of the city, and sees who notices and who cannot. */

import { parseUtf8 } from '@oppidum/formats/bytes';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { TamperDeskJson, TamperRequestJson } from '@oppidum/gateway/api/tamper';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { fetchBytes } from '../../api.ts';
import type { AreaProps } from '../../areas.ts';
import { fill, useLanguage } from '../../language.ts';
import { formatNumber } from '../../parts/format.ts';
import { ProblemText } from '../../parts/freshness.tsx';
import { type PinnedPolicy, pinnedPolicy, readPolicy } from '../../pinned-policy.ts';
import { type Desk, useDesk } from '../../use-desk.ts';
import { useLoaded } from '../../use-loaded.ts';
import { Forks, FsckCard, Summary, VerifierCard, WitnessCard } from './cards.tsx';
import { Changes } from './changes.tsx';
import { Choose } from './choose.tsx';
import { judge } from './judge.ts';
import './tamper.css';
import { Take } from './take.tsx';
import { TEXTS } from './texts.ts';

type Newest = { readonly items: readonly ReadingJson[] };

/** Readings that are offered. */
const OFFERED_COUNT = 6;
const STAGES = ['copy', 'alter', 'prove', 'witness', 'fsck'] as const;

/** The whole story. `argument`: a reading to begin with. */
export function TamperView({ argument }: AreaProps): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const desk = useDesk<TamperDeskJson, TamperRequestJson>('/api/v1/tamper');
  return (
    <>
      <h1>{texts.heading}</h1>
      <p className="lead">{texts.lead}</p>
      {desk.absence === null ? (
        <Game desk={desk} argument={argument} />
      ) : (
        <p className="problem">{desk.absence === 'DESK_AWAY' ? texts.away : texts.noDesk}</p>
      )}
      <h2>{texts.whoHeading}</h2>
      <p>{texts.who}</p>
      <h2>{texts.limitsHeading}</h2>
      <ul>
        {texts.limits.map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
    </>
  );
}

function Game({
  desk: { desk, problem, begin, clear },
  argument,
}: {
  readonly desk: Desk<TamperDeskJson, TamperRequestJson>;
  readonly argument: string;
}): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TEXTS[code];
  const readings = useOffered(argument);
  if (desk === null)
    return problem === null ? <p role="status">{sentences.loading}</p> : <ProblemText {...problem} isKnown={false} />;
  return (
    <>
      <p className="card">{texts.copyNote}</p>
      <Choose readings={readings} isWorking={desk.state === 'working'} onBegin={(request) => void begin(request)} />
      {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
      <Progress desk={desk} />
      {desk.state === 'failed' && desk.refusal !== null && (
        <>
          <h2>{texts.failedHeading}</h2>
          <ProblemText code={desk.refusal.code} message={desk.refusal.detail} />
        </>
      )}
      {desk.state === 'done' && <Outcome desk={desk} />}
      {desk.state !== 'empty' && (
        <section>
          <h2>{texts.backHeading}</h2>
          <p>{texts.back}</p>
          <p className="actions">
            <button type="button" onClick={() => void clear()}>
              {texts.backButton}
            </button>
          </p>
        </section>
      )}
    </>
  );
}

/** The newest that anybody may see and that can be proven; first the one that an address names. They stay while somebody chooses. */
function useOffered(argument: string): readonly ReadingJson[] {
  const named = useLoaded<ReadingJson>(/^[0-9a-f]{64}$/.test(argument) ? `/api/v1/readings/${argument}` : null).value;
  const [offered, setOffered] = useState<readonly ReadingJson[]>([]);
  const newest = useLoaded<Newest>('/api/v1/readings?limit=40', offered.length < OFFERED_COUNT ? 1_000 : null).value;
  useEffect(() => {
    const usable = (newest?.items ?? []).filter(({ anchored, personal }) => anchored && !personal);
    setOffered((before) => (before.length >= Math.min(OFFERED_COUNT, usable.length) ? before : usable.slice(0, OFFERED_COUNT)));
  }, [newest]);
  return named === null ? offered : [named, ...offered.filter(({ id }) => id !== named.id)];
}

function Progress({ desk }: { readonly desk: TamperDeskJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const { stage, progress } = desk;
  if (desk.state !== 'working' || stage === null) return null;
  const at = STAGES.indexOf(stage);
  return (
    <div role="status" className="card">
      <ol className="stages">
        {STAGES.map((each, i) => (
          <li key={each} className={i < at ? 'past' : i === at ? 'present' : ''} aria-current={i === at ? 'step' : undefined}>
            <span aria-hidden="true">{i < at ? '✓' : i === at ? '…' : '·'}</span> {texts.stages[each]}
            {i === at && progress !== null && (
              <span className="hint" dir="ltr">
                {' '}
                {fill(texts.checking, {
                  name: progress.name,
                  done: formatNumber(progress.done, tag),
                  total: formatNumber(progress.total, tag),
                })}
              </span>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Outcome({ desk: { played, fsck, folder, request } }: { readonly desk: TamperDeskJson }): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TEXTS[code];
  const trusted = useTrusted();
  const judged = useMemo(
    () =>
      played === null || request === null || trusted === null ? null : judge(played, request.reading, trusted.policy.policy),
    [played, request, trusted],
  );
  if (played === null || fsck === null || request === null) return null;
  return (
    <>
      <Changes played={played} request={request} />
      <h2>{texts.verdictsHeading}</h2>
      {judged !== null && (
        <Summary
          caught={{
            fsck: fsck.damaged > 0,
            verifier: judged.caught !== null,
            witness: played.heads.some(({ witness }) => witness.code !== 'OK'),
          }}
        />
      )}
      <div className="judges">
        <FsckCard fsck={fsck} />
        {judged === null || trusted === null ? (
          <p role="status">{sentences.loading}</p>
        ) : (
          <VerifierCard played={played} judged={judged} isPinned={trusted.isPinned} />
        )}
        <WitnessCard heads={played.heads} />
      </div>
      <Forks heads={played.heads} />
      <Take played={played} folder={folder} />
    </>
  );
}

type Trusted = { readonly policy: PinnedPolicy; readonly isPinned: boolean };

/** The pinned policy where it is this city's, else the one that the city serves. */
function useTrusted(): Trusted | null {
  const [trusted, setTrusted] = useState<Trusted | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    fetchBytes('/city.policy', 'text/plain', stop.signal).then(
      (bytes) => {
        const [served, pinned] = [readPolicy(parseUtf8(bytes)), pinnedPolicy()];
        const isOurs = pinned !== null && (served === null || pinned.origin === served.origin);
        if (isOurs) setTrusted({ policy: pinned, isPinned: true });
        else if (served !== null) setTrusted({ policy: served, isPinned: false });
      },
      () => undefined,
    );
    return () => stop.abort();
  }, []);
  return trusted;
}
