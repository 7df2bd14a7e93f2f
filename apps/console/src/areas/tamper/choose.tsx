/** Steps one and two: which reading, what is done to it, and how deep. */

import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { TamperRequestJson } from '@oppidum/gateway/api/tamper';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useLanguage } from '../../language.ts';
import { Value } from '../../parts/records.tsx';
import { Quoted, Time } from '../../parts/texts.tsx';
import { type TamperTexts, TEXTS } from './texts.ts';

const WHAT = ['alter', 'drop', 'reorder', 'checkpoint'] as const;
const DEPTH = ['bytes', 'shard', 'city'] as const;
type What = (typeof WHAT)[number];
type Depth = (typeof DEPTH)[number];

type Props = {
  readonly readings: readonly ReadingJson[];
  readonly isWorking: boolean;
  readonly onBegin: (request: TamperRequestJson) => void;
};

/** The form; `readings` are anchored and anybody may see them, newest first. */
export function Choose({ readings, isWorking, onBegin }: Props): ReactNode {
  const texts = useTexts();
  const [reading, setReading] = useState<string | null>(null);
  const [what, setWhat] = useState<What>('alter');
  const [depth, setDepth] = useState<Depth>('bytes');
  const [value, setValue] = useState('');
  const chosen = readings.find(({ id }) => id === reading)?.id ?? readings[0]?.id ?? null;
  // A head of the city is not forged half-way.
  const depths: readonly Depth[] = what === 'checkpoint' ? ['bytes', 'city'] : DEPTH;
  const deep = depths.includes(depth) ? depth : 'city';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (chosen === null) return;
    const number = what === 'alter' && value.trim() !== '' ? { value: Number(value) } : {};
    onBegin({ reading: chosen, what, depth: deep, ...number });
  };
  return (
    <form className="tamper-form" onSubmit={submit}>
      <h2>{texts.chooseHeading}</h2>
      <p className="hint">{texts.chooseHint}</p>
      <Readings readings={readings} chosen={chosen} onChoose={setReading} />
      <h2>{texts.whatHeading}</h2>
      <div className="pair">
        <Choices legend={texts.whatLegend} name="what" names={WHAT} chosen={what} texts={texts.what} onChoose={setWhat}>
          {what === 'alter' && (
            <label className="value">
              {texts.value}{' '}
              <input type="number" step="any" dir="ltr" value={value} onChange={({ target }) => setValue(target.value)} />{' '}
              <span className="hint">{texts.valueHint}</span>
            </label>
          )}
        </Choices>
        <Choices legend={texts.depthLegend} name="depth" names={depths} chosen={deep} texts={texts.depth} onChoose={setDepth} />
      </div>
      <p className="actions">
        <button type="submit" className="main" disabled={isWorking || chosen === null}>
          {isWorking ? texts.working : texts.begin}
        </button>
      </p>
    </form>
  );
}

function useTexts(): TamperTexts {
  return TEXTS[useLanguage().code];
}

function Readings(props: {
  readonly readings: readonly ReadingJson[];
  readonly chosen: string | null;
  readonly onChoose: (id: string) => void;
}): ReactNode {
  const texts = useTexts();
  const { readings, chosen, onChoose } = props;
  if (readings.length === 0) return <p role="status">{texts.noReadings}</p>;
  return (
    <fieldset className="card choices">
      <legend className="unseen">{texts.chooseHeading}</legend>
      {readings.map((each) => (
        <Choice key={each.id} name="reading" value={each.id} isChosen={each.id === chosen} onChoose={() => onChoose(each.id)}>
          <ReadingLine reading={each} />
        </Choice>
      ))}
    </fieldset>
  );
}

function Choices<Name extends string>(props: {
  readonly legend: string;
  readonly name: string;
  readonly names: readonly Name[];
  readonly chosen: Name;
  readonly texts: Readonly<Record<Name, { readonly name: string; readonly hint: string }>>;
  readonly onChoose: (name: Name) => void;
  readonly children?: ReactNode;
}): ReactNode {
  const { legend, name, names, chosen, texts, onChoose, children } = props;
  return (
    <fieldset className="card choices">
      <legend>{legend}</legend>
      {names.map((each) => (
        <Choice key={each} name={name} value={each} isChosen={each === chosen} onChoose={() => onChoose(each)}>
          <strong>{texts[each].name}</strong>
          <span className="hint">{texts[each].hint}</span>
        </Choice>
      ))}
      {children}
    </fieldset>
  );
}

function Choice(props: {
  readonly name: string;
  readonly value: string;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const { name, value, isChosen, onChoose, children } = props;
  return (
    <label className="choice">
      <input type="radio" name={name} value={value} checked={isChosen} onChange={onChoose} />
      <span>{children}</span>
    </label>
  );
}

function ReadingLine({ reading }: { readonly reading: ReadingJson }): ReactNode {
  const [record] = reading.records;
  return (
    <>
      <strong>
        {reading.label === null ? <code dir="ltr">{reading.device.slice(0, 10)}…</code> : <Quoted text={reading.label} />}
      </strong>
      <span>
        <Quoted text={record?.name ?? ''} /> {record !== undefined && <Value of={record} lengthMax={80} />}
      </span>
      <span className="hint">
        <Time ms={reading.timeMs} />
      </span>
    </>
  );
}
