/** What a certificate should be of: a record by its id, records of the ledger, a range of readings, or a file. */

import { LIMITS } from '@oppidum/formats/limits';
import { kindNamed } from '@oppidum/formats/state-registry';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type Asked, askedText, parseAsked } from '../../asked.ts';
import { fill, useLanguage } from '../../language.ts';
import { byName } from '../../parts/by-name.ts';
import { certificateAddress } from '../../parts/certificate-links.tsx';
import { KIND_NAMES, type KindName } from '../../texts/kinds.ts';
import { type CertificateTexts, TEXTS } from './texts.ts';

/** Characters of an id. */
const ID_LENGTH = 64;
const FILE_SIZE_MAX = 2 * LIMITS.evidenceSizeMax;

/** Goes to the certificate that is asked for, or hands the file on. */
export function AskForm({ onFile }: { readonly onFile: (file: Uint8Array) => void }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <>
      <p>{texts.lead}</p>
      <FileCard texts={texts} onFile={onFile} />
      <AskCard texts={texts} name="id" heading={texts.idHeading} ask={(form) => parseAsked(textOf(form, 'id'))}>
        <IdField name="id" label={texts.idField} isRequired />
      </AskCard>
      <RecordsCard texts={texts} />
      <AskCard texts={texts} name="readings" heading={texts.readingsHeading} hint={texts.readingsHint} ask={askedReadings}>
        <IdField name="device" label={texts.device} isRequired />
        <NumberField name="key" label={texts.keyNumber} initially="0" />
        <label>
          {texts.fromTime}
          <input type="datetime-local" name="from" step={1} required />
        </label>
        <label>
          {texts.toTime}
          <input type="datetime-local" name="to" step={1} required />
        </label>
      </AskCard>
    </>
  );
}

function FileCard({
  texts,
  onFile,
}: {
  readonly texts: CertificateTexts;
  readonly onFile: (file: Uint8Array) => void;
}): ReactNode {
  const [isTooLarge, setTooLarge] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setTooLarge(file.size > FILE_SIZE_MAX);
    if (file.size <= FILE_SIZE_MAX) onFile(new Uint8Array(await file.arrayBuffer()));
  };
  return (
    <section className="card">
      <h2>{texts.fileHeading}</h2>
      <p className="hint">{texts.fileHint}</p>
      <label className="file">
        {texts.file}
        <input type="file" name="evidence" onChange={({ target }) => void take(target.files?.[0])} />
      </label>
      {isTooLarge && <p className="problem">{texts.fileTooLarge}</p>}
    </section>
  );
}

function RecordsCard({ texts }: { readonly texts: CertificateTexts }): ReactNode {
  const { code, tag } = useLanguage();
  const names = KIND_NAMES[code];
  const [kind, setKind] = useState<KindName>('device');
  const compare = byName(tag);
  const kinds = (Object.keys(names) as KindName[]).sort((a, b) => compare(names[a], names[b]));
  const { segments } = kindNamed(kind);
  const fields = segments.map((type, i) => ({ type, name: `segment${i}`, place: i + 1 }));
  return (
    <AskCard texts={texts} name="records" heading={texts.recordsHeading} hint={texts.recordsHint} ask={askedRecords}>
      <label>
        {texts.kind}
        <select name="kind" value={kind} onChange={({ target }) => setKind(target.value as KindName)}>
          {kinds.map((each) => (
            <option key={each} value={each}>
              {names[each]}
            </option>
          ))}
        </select>
      </label>
      {fields.map(({ type, name, place }) =>
        type === 'id' ? (
          <IdField key={`${kind} ${name}`} name={name} label={fill(texts.segmentId, { place })} />
        ) : (
          <NumberField key={`${kind} ${name}`} name={name} label={fill(texts.segmentNumber, { place })} />
        ),
      )}
      {segments.at(-1) === 'number' && (
        <>
          <NumberField name="from" label={texts.spanFrom} />
          <NumberField name="to" label={texts.spanTo} />
        </>
      )}
    </AskCard>
  );
}

/** A form that leads to a certificate, or says that what it names is nothing. */
function AskCard(props: {
  readonly texts: CertificateTexts;
  readonly name: string;
  readonly heading: string;
  readonly hint?: string;
  readonly ask: (form: FormData) => Asked | null;
  readonly children: ReactNode;
}): ReactNode {
  const { texts, name, heading, hint, ask, children } = props;
  const [isBad, setBad] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const asked = ask(new FormData(event.currentTarget));
    setBad(asked === null);
    if (asked !== null) location.hash = certificateAddress(asked);
  };
  return (
    <section className="card">
      <h2>{heading}</h2>
      {hint !== undefined && <p className="hint">{hint}</p>}
      <form name={name} className="ask" onSubmit={submit}>
        {children}
        <p className="actions">
          <button type="submit">{texts.make}</button>
        </p>
      </form>
      {isBad && (
        <p className="problem" role="alert">
          {texts.askedBad}
        </p>
      )}
    </section>
  );
}

function IdField(props: { readonly name: string; readonly label: string; readonly isRequired?: boolean }): ReactNode {
  const { name, label, isRequired = false } = props;
  return (
    <label>
      {label}
      <input name={name} dir="ltr" spellCheck={false} autoComplete="off" maxLength={ID_LENGTH} required={isRequired} />
    </label>
  );
}

function NumberField(props: { readonly name: string; readonly label: string; readonly initially?: string }): ReactNode {
  const { name, label, initially = '' } = props;
  return (
    <label>
      {label}
      <input name={name} dir="ltr" inputMode="numeric" autoComplete="off" maxLength={15} defaultValue={initially} />
    </label>
  );
}

function textOf(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}

function askedRecords(form: FormData): Asked | null {
  const kind = textOf(form, 'kind');
  const parts = kindNamed(kind).segments.map((_type, i) => textOf(form, `segment${i}`));
  const given = parts.findLastIndex((part) => part !== '') + 1;
  const [from, to] = [textOf(form, 'from'), textOf(form, 'to')];
  const span = from === '' && to === '' ? [] : [`${from}-${to}`];
  return parseAsked(['records', kind, ...parts.slice(0, given), ...span].join('.'));
}

function askedReadings(form: FormData): Asked | null {
  const [fromMs, toMs] = [Date.parse(textOf(form, 'from')), Date.parse(textOf(form, 'to'))];
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return null;
  const keyNumber = Number(textOf(form, 'key'));
  return parseAsked(askedText({ by: 'readings', device: textOf(form, 'device'), keyNumber, fromMs, toMs }));
}
