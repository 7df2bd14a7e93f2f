/** A report of the verifier under one line that says what came of it. */

import { reportView } from '@oppidum/pages/report-view';
import type { Report } from '@oppidum/proofs/report';
import type { RangeFindings } from '@oppidum/proofs/verify-complete-range';
import { type ReactNode, useEffect, useRef } from 'react';
import { useLanguage } from '../language.ts';

/** `range`: what was found of a range of readings, null where the file is none. */
export function ReportBox(props: {
  readonly heading: string;
  readonly report: Report;
  readonly range?: RangeFindings | null;
  readonly isOpen: boolean;
}): ReactNode {
  const { heading, report, range = null, isOpen } = props;
  const box = useRef<HTMLDivElement>(null);
  const language = useLanguage();
  const isWhole = report.color !== 'green' || range?.isComplete !== false;
  useEffect(() => {
    box.current?.replaceChildren(reportView(report, language, range));
  }, [report, range, language]);
  return (
    <details className="report-box" open={isOpen}>
      <summary>
        {heading}: <strong>{language.words.colors[isWhole ? report.color : 'amber']}</strong>{' '}
        <code>{isWhole ? report.verdict : 'INCOMPLETE'}</code>
      </summary>
      <div ref={box} />
    </details>
  );
}
