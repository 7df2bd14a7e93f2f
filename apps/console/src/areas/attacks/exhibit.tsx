/** What an attack leaves in the hand: fetched and judged here, under the policy of the city that was attacked. */

import { toHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { AttackExhibitJson } from '@oppidum/gateway/api/attacks';
import type { RangeReport } from '@oppidum/proofs/verify-complete-range';
import { verifyFile } from '@oppidum/proofs/verify-file';
import { type ReactNode, useEffect, useState } from 'react';
import { type ApiProblem, fetchBytes, problemOf } from '../../api.ts';
import { fill, useLanguage } from '../../language.ts';
import { ProblemText } from '../../parts/freshness.tsx';
import { ReportBox } from '../../parts/report-box.tsx';
import { TEXTS } from './texts.ts';

type Judged = { readonly found: RangeReport } | { readonly problem: ApiProblem };

/** The files of one attack. */
export function Exhibits(props: { readonly evidence: readonly AttackExhibitJson[]; readonly policy: string | null }): ReactNode {
  const texts = TEXTS[useLanguage().code];
  const { evidence, policy } = props;
  if (evidence.length === 0) return null;
  return (
    <section>
      <h4>{texts.evidence}</h4>
      {evidence.map((each) => (
        <Exhibit key={each.name} exhibit={each} policy={policy} />
      ))}
    </section>
  );
}

function Exhibit({ exhibit, policy }: { readonly exhibit: AttackExhibitJson; readonly policy: string | null }): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TEXTS[code];
  const { name, file, verdict } = exhibit;
  const judged = useJudged(file, policy);
  if (file === null) return <p className="hint">{texts.notKept}</p>;
  return (
    <div className="exhibit" data-verdict={judged !== null && 'found' in judged ? verdictOf(judged.found) : undefined}>
      <p className="actions">
        <code dir="ltr">{name}</code>
        <a href={fileAddress(file)} download={name}>
          {fill(texts.save, { name })}
        </a>
      </p>
      {judged === null && <p role="status">{sentences.checking}</p>}
      {judged !== null && 'problem' in judged && <ProblemText code={judged.problem.code} message={judged.problem.message} />}
      {judged !== null && 'found' in judged && (
        <>
          <Comparison here={verdictOf(judged.found)} there={verdict} />
          <ReportBox heading={texts.checked} report={judged.found.report} range={judged.found.range} isOpen={false} />
        </>
      )}
    </div>
  );
}

function Comparison({ here, there }: { readonly here: string; readonly there: string }): ReactNode {
  const texts = TEXTS[useLanguage().code];
  if (here === there) return <p>{fill(texts.same, { verdict: here })}</p>;
  return <p className="problem">{fill(texts.differs, { here, there })}</p>;
}

/** Where a file of the last run is. */
export function fileAddress(id: string): string {
  return `/api/v1/attacks/files/${id}`;
}

/** As the command line says it. */
function verdictOf({ report, range }: RangeReport): string {
  return report.color === 'green' && range?.isComplete === false ? 'INCOMPLETE' : report.verdict;
}

/** Null until it is judged, or where there is no file. */
function useJudged(file: string | null, policy: string | null): Judged | null {
  const [judged, setJudged] = useState<Judged | null>(null);
  useEffect(() => {
    if (file === null || policy === null) return undefined;
    const stop = new AbortController();
    Promise.all([file, policy].map((id) => fetchNamed(id, stop.signal))).then(
      ([bytes, trusted]) => {
        if (bytes === undefined || trusted === undefined) return;
        setJudged({ found: verifyFile(crypto, bytes, { policy: parseCityPolicy(crypto, trusted) }) });
      },
      (error: Error) => {
        if (!stop.signal.aborted) setJudged({ problem: problemOf(error) });
      },
    );
    return () => stop.abort();
  }, [file, policy]);
  return judged;
}

/** The file of this digest, or a problem where what came has another. */
async function fetchNamed(id: string, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await fetchBytes(fileAddress(id), 'application/octet-stream', signal);
  if (toHex(crypto.sha256(bytes)) !== id) throw new Error('another file came than the one that was asked for');
  return bytes;
}
