/** Registering: signed by the account of each maker, by a key in this browser or by the command line with everything filled in. */

import { toHex } from '@oppidum/formats/bytes';
import type { ManufacturerJson } from '@oppidum/gateway/api-types';
import type { CsvTable } from '@oppidum/onboarding/csv-table';
import { type Columns, FIELDS } from '@oppidum/onboarding/device-columns';
import type { DeviceRow } from '@oppidum/onboarding/device-rows';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatNumber } from '../../parts/format.ts';
import { Id, Quoted } from '../../parts/texts.tsx';
import { type BrowserSigner, submitSigned } from '../maker/browser-signer.ts';
import { atCity, commandLine } from '../maker/command-line.ts';
import { CopyBlock } from '../maker/copy-block.tsx';
import { JobProgress } from '../maker/job-progress.tsx';
import type { Makers } from '../maker/use-makers.ts';
import type { ImportTexts } from './texts.ts';
import type { Importing, Reading } from './use-import.ts';

type Props = {
  readonly texts: ImportTexts;
  readonly name: string;
  readonly table: CsvTable;
  readonly columns: Columns;
  readonly how: Reading;
  readonly makers: Makers;
  readonly importing: Importing;
  readonly signer: BrowserSigner | null;
};

/** Who has to sign, and the ways to. */
export function RegisterSection(props: Props): ReactNode {
  const { texts, importing, makers, signer } = props;
  const { tag } = useLanguage();
  const { outcomes, job, end } = importing;
  if (outcomes === null) return null;
  const signing = makersOf(outcomes.fresh, makers);
  const mayHere = signer !== null && signing.length > 0 && signing.every(({ account }) => account === signer.account);
  const isBusy = job?.kind === 'registering';
  return (
    <section className="card" id="register">
      <h2>{texts.registerHeading}</h2>
      {isBusy && (
        <>
          <JobProgress job={job} label={texts.registering} words={texts} />
          <p className="actions">
            <button type="button" onClick={importing.stop}>
              {texts.stop}
            </button>
          </p>
        </>
      )}
      <p role="status">{end === 'done' ? texts.done : end === 'stopped' ? texts.stopped : ''}</p>
      {!isBusy && outcomes.fresh.length === 0 && end === null && <p className="hint">{texts.nothingToDo}</p>}
      {!isBusy && outcomes.fresh.length > 0 && (
        <>
          {signing.map(({ id, name, account }) => (
            <p key={id}>
              <SignedBy sentence={texts.signedBy} maker={name} /> <Id id={account} />
            </p>
          ))}
          {mayHere && (
            <p className="actions">
              <button type="button" onClick={() => void importing.register((actions) => submitSigned(signer, actions))}>
                {fill(texts.register, { count: formatNumber(outcomes.fresh.length, tag) })}
              </button>
            </p>
          )}
          {signing.map((maker) => (
            <ByCommand key={maker.id} {...props} maker={maker} />
          ))}
        </>
      )}
      {(end === 'done' || outcomes.known.length > 0) && (
        <p>
          <a href="#/kit">{texts.afterwards}</a>
        </p>
      )}
    </section>
  );
}

/** The sentence with a name that somebody else chose, isolated. */
function SignedBy({ sentence, maker }: { readonly sentence: string; readonly maker: string }): ReactNode {
  const [before = '', after = ''] = sentence.split('{maker}');
  return (
    <>
      {before}
      <Quoted text={maker} />
      {after}
    </>
  );
}

function makersOf(rows: readonly DeviceRow[], { models, manufacturers }: Makers): readonly ManufacturerJson[] {
  const used = new Set(rows.map(({ device }) => toHex(device.model)));
  const ids = new Set(models.filter(({ id }) => used.has(id)).map(({ manufacturer }) => manufacturer));
  return [...ids].flatMap((id) => manufacturers.get(id) ?? []);
}

function ByCommand({ texts, name, table, columns, how, maker }: Props & { readonly maker: ManufacturerJson }): ReactNode {
  const line = importLine({ name, table, columns, how }, maker.account);
  return (
    <>
      <p>{texts.byCommand}</p>
      {line === null ? (
        <p className="problem">{texts.noCommand}</p>
      ) : (
        <CopyBlock name="import-command" label={texts.byCommand} text={line} words={texts} />
      )}
      <p className="hint">{texts.byCommandHint}</p>
    </>
  );
}

type Asked = Pick<Props, 'name' | 'table' | 'columns' | 'how'>;

/** The same import on the command line, or null where a name fits none. */
function importLine({ name, table, columns, how }: Asked, account: string): string | null {
  // A name of a file that begins with a hyphen would be a flag.
  const file = name.startsWith('-') ? `./${name}` : name;
  const named = FIELDS.flatMap((field) => {
    const at = columns[field];
    return at === undefined ? [] : ['--column', `${field}=${table.header[at] ?? ''}`];
  });
  return commandLine([
    ...['device', 'import', file, ...named],
    ...['--delimiter', table.delimiter === '\t' ? 'tab' : table.delimiter],
    ...(how.model === null ? [] : ['--model', how.model]),
    ...['--grade', how.grade, '--failed', 'failed.csv', '--account', account, '--key', 'FILE', ...atCity(location.origin)],
  ]);
}
