/** The intersection of a zone of signals: what its controller told last, which phases may be green together, and its plans. */

import type { SignalMatrix } from '@oppidum/formats/signal-matrix';
import type { SignalPlan, SignalPlans, SignalStage } from '@oppidum/formats/signal-plan';
import type { ZoneDetailJson } from '@oppidum/gateway/api/orders';
import type { LatestPageJson, SampleJson } from '@oppidum/gateway/api/readings';
import { type ReactNode, useEffect, useState } from 'react';
import { type ApiProblem, fetchBytes, problemOf } from '../../api.ts';
import { useLanguage } from '../../language.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { formatNumber, formatUnit } from '../../parts/format.ts';
import { Freshness, ProblemText } from '../../parts/freshness.tsx';
import { Facts, IdLink, Quoted, StateBadge, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { monitorBadge } from './monitor-badge.ts';
import { NOW_TEXTS } from './texts-now.ts';
import { readSignalPapers, type SignalPapers } from './zone-documents.ts';

const EVERY_MS = 3_000;
const LIMIT = 100;

/** `device`: its controller. */
export function IntersectionNow({ zone, device }: { readonly zone: ZoneDetailJson; readonly device: string }): ReactNode {
  const { code } = useLanguage();
  const texts = NOW_TEXTS[code];
  const loaded = useLoaded<LatestPageJson>(`/api/v1/readings/latest?device=${device}&limit=${LIMIT}`, EVERY_MS);
  const { papers, problem } = usePapers(zone);
  const said = (name: string): SampleJson | null => newestNamed(loaded.value?.items ?? [], name);
  const plan = said('signal/plan')?.value ?? null;
  return (
    <section aria-labelledby="intersection-heading">
      <h2 id="intersection-heading">{texts.heading}</h2>
      <section className="card" aria-label={texts.heading}>
        <p className="hint">{texts.note}</p>
        {loaded.value !== null && <Told device={device} said={said} plans={papers?.plans ?? null} />}
        <Freshness of={loaded} />
      </section>
      {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
      {papers !== null && (papers.matrix === null || papers.plans === null) && <p className="problem">{texts.documentBad}</p>}
      {papers?.matrix != null && <Matrix matrix={papers.matrix} />}
      {papers?.plans != null && <Plans plans={papers.plans.plans} running={typeof plan === 'number' ? plan : null} />}
    </section>
  );
}

function newestNamed(samples: readonly SampleJson[], name: string): SampleJson | null {
  const named = samples.filter((each) => each.name === name);
  return named.reduce<SampleJson | null>(
    (newest, each) => (newest === null || each.timeMs > newest.timeMs ? each : newest),
    null,
  );
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
  readonly said: (name: string) => SampleJson | null;
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
                [texts.stage, typeof stage === 'number' ? formatNumber(stage, tag) : null],
                [
                  texts.monitor,
                  badge === null ? null : <StateBadge key="monitor" state={badge} text={wordOf(texts.trips, trip ?? null)} />,
                ],
                [texts.told, <Time key="told" ms={mode.timeMs} />],
              ] as const)),
        ]}
      />
      {mode === null && <p className="hint">{texts.silent}</p>}
    </>
  );
}

/** What a machine said, in our words where there are any. */
function wordOf(words: Readonly<Record<string, string>>, value: SampleJson['value']): string {
  const text = String(value ?? '–');
  return Object.hasOwn(words, text) ? (words[text] as string) : text;
}

function Word({ of, value }: { readonly of: Readonly<Record<string, string>>; readonly value: SampleJson['value'] }): ReactNode {
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
