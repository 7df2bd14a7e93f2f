/** The import of devices: a file is chosen, its columns are named, every row is looked at, and whoever may sign registers them. */

import { FormatError } from '@oppidum/formats/errors';
import { failedFile } from '@oppidum/onboarding/device-rows';
import { describeProblem } from '@oppidum/onboarding/row-problems';
import { type ReactNode, useState } from 'react';
import { useLanguage } from '../../language.ts';
import { ProblemText } from '../../parts/freshness.tsx';
import { useBrowserSigner } from '../maker/browser-signer.ts';
import { JobProgress } from '../maker/job-progress.tsx';
import '../maker/maker.css';
import { useMakers } from '../maker/use-makers.ts';
import { ColumnsSection } from './columns-section.tsx';
import { FileSection, saveFailed } from './file-section.tsx';
import { RegisterSection } from './register-section.tsx';
import { RowsSection } from './rows-section.tsx';
import { type ImportTexts, TEXTS } from './texts.ts';
import { type ChosenFile, FIRST_READING, type Reading, useImport, useReadFile } from './use-import.ts';

/** The page. */
export function ImportView(): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [file, setFile] = useState<ChosenFile | null>(null);
  const [how, setHow] = useState<Reading>(FIRST_READING);
  const importing = useImport();
  const signer = useBrowserSigner();
  const { makers, problem } = useMakers();
  const read = useReadFile(file, how);
  const change = (next: Reading): void => {
    setHow(next);
    importing.forget();
  };
  const choose = (chosen: ChosenFile): void => {
    setFile(chosen);
    // The model and who signs stay: the next file is of the same delivery.
    change({ ...how, delimiter: null, columns: {} });
  };
  const { outcomes, job } = importing;
  const isReady = read !== null && !(read instanceof FormatError);
  const hasKeys = isReady && read.columns['public-key'] !== undefined;
  return (
    <>
      <h1>{texts.heading}</h1>
      <p>{texts.lead}</p>
      <FileSection texts={texts} isChosen={file !== null} onFile={choose} />
      {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
      {read instanceof FormatError && <p className="problem">{unreadableText(read, texts)}</p>}
      {isReady && file !== null && (
        <>
          <ColumnsSection texts={texts} name={file.name} {...read} how={how} makers={makers} onChange={change} />
          <p className="actions">
            <button
              type="button"
              disabled={!hasKeys || makers === null || job !== null}
              onClick={() => void importing.check(read.table, read.columns, how, makers?.models ?? [])}
            >
              {texts.dryRun}
            </button>
            <span className="hint">{hasKeys ? texts.dryRunHint : texts.needKeys}</span>
          </p>
          {job?.kind === 'checking' && <JobProgress job={job} label={texts.checking} words={texts} />}
          {importing.problem !== null && <ProblemText code={importing.problem.code} message={importing.problem.message} />}
          {outcomes !== null && (
            <RowsSection
              texts={texts}
              outcomes={outcomes}
              onSave={(failed) => {
                const sorted = [...failed].sort((a, b) => a.line - b.line);
                saveFailed(
                  file.name,
                  failedFile(read.table, sorted, (each) => describeProblem(each, texts.problems)),
                );
              }}
            />
          )}
          {outcomes !== null && makers !== null && (
            <RegisterSection
              {...{ texts, how, makers, importing, signer }}
              name={file.name}
              table={read.table}
              columns={read.columns}
            />
          )}
        </>
      )}
    </>
  );
}

function unreadableText({ code, details }: FormatError, texts: ImportTexts): string {
  const want = String(details['want']);
  if (code === 'CSV_INVALID' && Object.hasOwn(texts.unreadable, want))
    return texts.unreadable[want as keyof ImportTexts['unreadable']];
  return texts.unreadable.size;
}
