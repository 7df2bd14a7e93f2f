/** The intersection of a zone of signals: what its controller told last, which phases may be green together, and its plans. */

import type { SignalMatrix } from '@oppidum/formats/signal-matrix';
import type { SignalPlan, SignalPlans, SignalStage } from '@oppidum/formats/signal-plan';
import type { ZoneDetailJson } from '@oppidum/gateway/api/orders';
import { plainText } from '@oppidum/pages/plain-text';
import { type ReactNode, useEffect, useState } from 'react';
import { type ApiProblem, fetchBytes, problemOf } from '../../api.ts';
import { useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber, formatUnit } from '../../parts/format.ts';
import { Freshness, ProblemText } from '../../parts/freshness.tsx';
import { Facts, IdLink, Quoted, StateBadge, Time } from '../../parts/texts.tsx';
import { monitorBadge } from './monitor-badge.ts';
import { type OrderChoice, OrderHere } from './order-here.tsx';
import { type PhaseAspect, type PhaseNow, parsePhases } from './phases-now.ts';
import { NOW_TEXTS } from './texts-now.ts';
import { type Said, usePushed } from './use-pushed.ts';
import { readSignalPapers, type SignalPapers } from './zone-documents.ts';

/** Of a plan, among others to choose from. */
const NAME_LENGTH_MAX = 64;
/** Beside the word: whoever does not see the colour sees the mark. */
const ASPECT_MARKS: Readonly<Record<PhaseAspect, string>> = { red: '●', yellow: '▲', green: '■', dark: '○', flash: '✱' };

/** `device`: its controller. */
export function IntersectionNow({ zone, device }: { readonly zone: ZoneDetailJson; readonly device: string }): ReactNode {
  const { code } = useLanguage();
  const texts = NOW_TEXTS[code];
  const { loaded, said } = usePushed(device);
  const { papers, problem } = usePapers(zone);
  const plan = said('signal/plan')?.value ?? null;
  return (
    <section aria-labelledby="intersection-heading">
      <h2 id="intersection-heading">{texts.heading}</h2>
      <section className="card" aria-label={texts.heading}>
        <p className="hint">{texts.note}</p>
        {loaded.value !== null && <Told device={device} said={said} plans={papers?.plans ?? null} />}
        <Heads told={said('signal/phases')} matrix={papers?.matrix ?? null} />
        <Freshness of={loaded} />
      </section>
      {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
      {papers !== null && (papers.matrix === null || papers.plans === null) && <p className="problem">{texts.documentBad}</p>}
      {papers?.matrix != null && <Matrix matrix={papers.matrix} />}
      {papers?.plans != null && (
        <>
          <Plans plans={papers.plans.plans} running={typeof plan === 'number' ? plan : null} />
          <OrderHere zone={zone} choices={choicesOf(papers.plans)} />
        </>
      )}
    </section>
  );
}

/** Another plan, the traffic's own choice, and flash, which is safe whatever is known. */
function choicesOf({ plans }: SignalPlans): readonly OrderChoice[] {
  return [
    ...plans.map(({ number, name }) => ({ words: ['signal/plan', String(number)], name: plainText(name, NAME_LENGTH_MAX) })),
    { words: ['signal/automatic'] },
    { words: ['signal/flash'] },
  ];
}

/** Read again when a document with another digest is in force. */
function usePapers(zone: ZoneDetailJson): { readonly papers: SignalPapers | null; readonly problem: ApiProblem | null } {
  const [papers, setPapers] = useState<SignalPapers | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const digests = JSON.stringify(zone.documents.map(({ name, digest }) => [name, digest]));
  const { id } = zone;
  useEffect(() => {
    const stop = new AbortController();
    const documents = (JSON.parse(digests) as readonly [string, string][]).map(([name, digest]) => ({ name, digest }));
    fetchBytes(`/api/v1/evidence/state?kind=zoneDocument&segments=${id}`, 'application/cbor', stop.signal).then(
      (file) => {
        setPapers(readSignalPapers(file, documents));
        setProblem(null);
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setProblem(problemOf(error));
      },
    );
    return () => stop.abort();
  }, [id, digests]);
  return { papers, problem };
}

function Told(props: {
  readonly device: string;
  readonly said: (name: string) => Said | null;
  readonly plans: SignalPlans | null;
}): ReactNode {
  const { code, tag } = useLanguage();
  const texts = NOW_TEXTS[code];
  const { said, plans, device } = props;
  const aspect = said('aspect');
  const mode = said('signal/mode');
  const [plan, source, stage, trip] = ['plan', 'source', 'stage', 'trip'].map((name) => said(`signal/${name}`)?.value ?? null);
  const badge = monitorBadge(trip ?? null);
  const planName = plans?.plans.find(({ number }) => number === plan)?.name ?? null;
  const label = aspect?.label ?? mode?.label ?? null;
  return (
    <>
      <p>
        <IdLink id={device} to={{ view: 'device', id: device }} label={label} />
      </p>
      <Facts
        facts={[
          [
            texts.aspect,
            aspect === null ? null : (
              <>
                <Word of={texts.aspects} value={aspect.value} /> (<Time ms={aspect.timeMs} />)
              </>
            ),
          ],
          ...(mode === null
            ? []
            : ([
                [texts.mode, <Word key="mode" of={texts.modes} value={mode.value} />],
                [
                  texts.plan,
                  <>
                    {typeof plan === 'number' ? formatNumber(plan, tag) : '–'} {planName !== null && <Quoted text={planName} />}
                  </>,
                ],
                [texts.source, <Word key="source" of={texts.sources} value={source ?? null} />],
                // 0: between two stages.
                [texts.stage, typeof stage === 'number' && stage > 0 ? formatNumber(stage, tag) : null],
                [
                  texts.monitor,
                  badge === null ? null : <StateBadge key="monitor" state={badge} text={wordOf(texts.trips, trip ?? null)} />,
                ],
                [texts.told, <Time key="told" ms={mode.timeMs} />],
              ] as const)),
        ]}
      />
      {mode === null && <p className="hint">{texts.silent}</p>}
      {badge !== null && badge !== 'active' && <p className="problem">{texts.latched}</p>}
    </>
  );
}

/** What each head shows, as the controller told it last; it tells every few seconds, and the stream brings it. */
function Heads({ told, matrix }: { readonly told: Said | null; readonly matrix: SignalMatrix | null }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = NOW_TEXTS[code];
  const phases = parsePhases(told?.value);
  if (told === null || phases === null) return null;
  const phaseOf = ({ number }: PhaseNow): SignalMatrix['phases'][number] | undefined =>
    matrix?.phases.find((phase) => phase.number === number);
  const wordOfHead = (phase: PhaseNow): string => {
    const isCrossing = phaseOf(phase) !== undefined && phaseOf(phase)?.vehicle === undefined;
    return (isCrossing ? texts.walks : texts.shows)[phase.aspect];
  };
  return (
    <section aria-labelledby="heads-heading">
      <h3 id="heads-heading">{texts.headsHeading}</h3>
      <DataTable
        label={texts.headsHeading}
        rows={phases}
        keyOf={({ number }) => String(number)}
        empty="–"
        columns={[
          {
            name: 'phase',
            heading: texts.phase,
            cell: (phase) => <Quoted text={`${phase.number} ${phaseOf(phase)?.name ?? ''}`.trim()} />,
          },
          {
            name: 'shows',
            heading: texts.showsHeading,
            cell: (phase) => (
              <span className={`aspect shows-${phase.aspect}`} data-phase={phase.number} data-aspect={phase.aspect}>
                <span aria-hidden="true">{ASPECT_MARKS[phase.aspect]} </span>
                {wordOfHead(phase)}
              </span>
            ),
          },
          { name: 'for', heading: texts.forHeading, cell: ({ seconds }) => formatUnit(seconds, 'second', tag, 'short') },
        ]}
      />
      <p className="hint">
        {texts.told}: <Time ms={told.timeMs} />
      </p>
    </section>
  );
}

/** What a machine said, in our words where there are any. */
function wordOf(words: Readonly<Record<string, string>>, value: Said['value']): string {
  const text = String(value ?? '–');
  return Object.hasOwn(words, text) ? (words[text] as string) : text;
}

function Word({ of, value }: { readonly of: Readonly<Record<string, string>>; readonly value: Said['value'] }): ReactNode {
  return <Quoted text={wordOf(of, value)} lengthMax={80} />;
}

function Matrix({ matrix }: { readonly matrix: SignalMatrix }): ReactNode {
  const { code } = useLanguage();
  const texts = NOW_TEXTS[code];
  const { phases } = matrix;
  const pairs = new Set(matrix.compatible.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
  const cell = (row: number, column: number): string =>
    row === column ? texts.same : pairs.has(`${row} ${column}`) ? texts.together : texts.never;
  return (
    <section aria-labelledby="matrix-heading">
      <h3 id="matrix-heading">{texts.matrixHeading}</h3>
      <p className="hint">{texts.matrixNote}</p>
      <DataTable
        label={texts.matrixHeading}
        rows={phases}
        keyOf={({ number }) => String(number)}
        empty="–"
        columns={[
          { name: 'phase', heading: texts.phase, cell: ({ number, name }) => <Quoted text={`${number} ${name}`} /> },
          ...phases.map((column) => ({
            name: `phase ${column.number}`,
            heading: String(column.number),
            cell: ({ number }: SignalMatrix['phases'][number]) => cell(number, column.number),
          })),
        ]}
      />
    </section>
  );
}

function Plans({ plans, running }: { readonly plans: readonly SignalPlan[]; readonly running: number | null }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = NOW_TEXTS[code];
  const seconds = (ms: number): string => formatUnit(ms / 1_000, 'second', tag, 'short');
  const stageText = ({ phases, durationMs }: SignalStage): string => `${phases.join(' + ')}: ${seconds(durationMs)}`;
  return (
    <section aria-labelledby="plans-heading">
      <h3 id="plans-heading">{texts.plansHeading}</h3>
      <DataTable
        label={texts.plansHeading}
        rows={plans}
        keyOf={({ number }) => String(number)}
        empty="–"
        columns={[
          {
            name: 'number',
            heading: texts.number,
            cell: ({ number }) => (
              <>
                {formatNumber(number, tag)} {number === running && <StateBadge state="active" text={texts.running} />}
              </>
            ),
          },
          { name: 'name', heading: texts.name, cell: ({ name }) => <Quoted text={name} /> },
          { name: 'purpose', heading: texts.purpose, cell: ({ purpose }) => texts.purposes[purpose] },
          { name: 'control', heading: texts.control, cell: ({ control }) => texts.controls[control] },
          { name: 'cycle', heading: texts.cycle, cell: ({ cycleMs }) => seconds(cycleMs) },
          { name: 'offset', heading: texts.offset, cell: ({ offsetMs }) => seconds(offsetMs) },
          {
            name: 'stages',
            heading: texts.stages,
            cell: ({ stages }) => (
              <ol className="values">
                {stages
                  .map((stage, place) => ({ stage, place }))
                  .map(({ stage, place }) => (
                    <li key={place}>{stageText(stage)}</li>
                  ))}
              </ol>
            ),
          },
        ]}
      />
    </section>
  );
}
