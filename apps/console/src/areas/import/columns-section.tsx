/** Which column says what, guessed and changeable. */

import type { ManufacturerJson, ModelJson } from '@oppidum/gateway/api-types';
import { type CsvTable, DELIMITERS } from '@oppidum/onboarding/csv-table';
import { type Columns, FIELDS, type Field } from '@oppidum/onboarding/device-columns';
import { GRADES } from '@oppidum/onboarding/device-rows';
import { plainText } from '@oppidum/pages/plain-text';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatNumber } from '../../parts/format.ts';
import { Facts, Quoted } from '../../parts/texts.tsx';
import type { Makers } from '../maker/use-makers.ts';
import type { ImportTexts } from './texts.ts';
import type { Reading } from './use-import.ts';

type Props = {
  readonly texts: ImportTexts;
  readonly name: string;
  readonly table: CsvTable;
  readonly columns: Columns;
  readonly how: Reading;
  readonly makers: Makers | null;
  readonly onChange: (how: Reading) => void;
};

/** The questions, with the guesses as their answers. */
export function ColumnsSection({ texts, name, table, columns, how, makers, onChange }: Props): ReactNode {
  const { tag } = useLanguage();
  const choose = (field: Field, at: number): void => onChange({ ...how, columns: { ...how.columns, [field]: at } });
  const choices = table.header.map((cell, at) => ({ at, text: plainText(cell, 60) || String(at + 1) }));
  const counts = { rows: formatNumber(table.rows.length, tag), columns: formatNumber(table.header.length, tag) };
  return (
    <section className="card">
      <h2>{texts.columnsHeading}</h2>
      <p>
        <bdi>{fill(texts.fileFacts, { name: plainText(name, 80), ...counts })}</bdi>
      </p>
      <p className="hint">{texts.columnsHint}</p>
      <div className="fields">
        <label>
          {texts.delimiter}
          <select value={table.delimiter} onChange={({ target }) => onChange({ ...how, delimiter: target.value, columns: {} })}>
            {DELIMITERS.map((each) => (
              <option key={each} value={each}>
                {texts.delimiters[each]}
              </option>
            ))}
          </select>
        </label>
        {FIELDS.map((field) => (
          <label key={field}>
            {texts.fields[field]}
            <select
              data-field={field}
              value={columns[field] ?? -1}
              onChange={({ target }) => choose(field, Number(target.value))}
            >
              <option value={-1}>{texts.noColumn}</option>
              {choices.map(({ at, text }) => (
                <option key={at} value={at}>
                  {text}
                </option>
              ))}
            </select>
          </label>
        ))}
        <DefaultChoices texts={texts} how={how} makers={makers} onChange={onChange} />
      </div>
      <Sample table={table} columns={columns} texts={texts} />
    </section>
  );
}

/** What holds for rows that do not say it themselves. */
function DefaultChoices({ texts, how, makers, onChange }: Pick<Props, 'texts' | 'how' | 'makers' | 'onChange'>): ReactNode {
  return (
    <>
      <label>
        {texts.defaultModel}
        <select
          data-field="default-model"
          value={how.model ?? ''}
          onChange={({ target }) => onChange({ ...how, model: target.value === '' ? null : target.value })}
        >
          <option value="">{texts.noModel}</option>
          {(makers?.models ?? [])
            .filter(({ to }) => to === null)
            .map((model) => (
              <option key={model.id} value={model.id}>
                {modelText(model, makers?.manufacturers.get(model.manufacturer))}
              </option>
            ))}
        </select>
      </label>
      <label>
        {texts.defaultGrade}
        <select
          value={how.grade}
          onChange={({ target }) => onChange({ ...how, grade: GRADES.find((each) => each === target.value) ?? how.grade })}
        >
          {GRADES.map((grade) => (
            <option key={grade} value={grade}>
              {texts.grades[grade]}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

/** A model in a list of choices: texts of strangers, cut. */
export function modelText({ name, deviceType }: ModelJson, maker: ManufacturerJson | undefined): string {
  const by = maker === undefined ? '' : ` · ${plainText(maker.name, 40)}`;
  return `${plainText(name, 40)} (${plainText(deviceType, 30)})${by}`;
}

/** The first row as it is read, so that a wrong column is seen at once. */
function Sample({ table, columns, texts }: Pick<Props, 'table' | 'columns' | 'texts'>): ReactNode {
  const [row] = table.rows;
  if (row === undefined) return null;
  const shown = FIELDS.flatMap((field) => {
    const at = columns[field];
    if (at === undefined) return [];
    return [[texts.fields[field], <Quoted key={field} text={(row.cells[at] ?? '').slice(0, 80)} />] as const];
  });
  return <Facts facts={shown} />;
}
