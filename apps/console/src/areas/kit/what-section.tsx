/** What the device is and what it measures. */

import type { ReactNode } from 'react';
import { modelText } from '../import/columns-section.tsx';
import type { Makers } from '../maker/use-makers.ts';
import { type Draft, wrongFields } from './device-draft.ts';
import type { KitTexts } from './texts.ts';

type Props = {
  readonly texts: KitTexts;
  readonly draft: Draft;
  readonly makers: Makers | null;
  readonly onChange: (change: Partial<Draft>) => void;
};

type TextField = 'type' | 'modelName' | 'label' | 'sensor' | 'unit' | 'value';

/** The fields. */
export function WhatSection({ texts, draft, makers, onChange }: Props): ReactNode {
  const wrong = wrongFields(draft);
  const fields: readonly TextField[] = [
    ...(draft.model === null ? (['type', 'modelName'] as const) : []),
    ...(['label', 'sensor', 'unit', 'value'] as const),
  ];
  return (
    <section className="card">
      <h2>{texts.whatHeading}</h2>
      <div className="fields">
        <label>
          {texts.model}
          <select
            data-field="model"
            value={draft.model ?? ''}
            onChange={({ target }) => onChange({ model: target.value === '' ? null : target.value })}
          >
            <option value="">{texts.ownModel}</option>
            {(makers?.models ?? [])
              .filter(({ to, personal }) => to === null && !personal)
              .map((model) => (
                <option key={model.id} value={model.id}>
                  {modelText(model, makers?.manufacturers.get(model.manufacturer))}
                </option>
              ))}
          </select>
        </label>
        {fields.map((field) => (
          <label key={field}>
            {texts[field]}
            <input
              type="text"
              dir="ltr"
              data-field={field}
              autoComplete="off"
              spellCheck={false}
              value={draft[field]}
              aria-invalid={wrong.includes(field)}
              aria-describedby="plain-hint"
              onChange={({ target }) => onChange({ [field]: target.value })}
            />
          </label>
        ))}
      </div>
      <p id="plain-hint" className={wrong.length === 0 ? 'hint' : 'problem'}>
        {texts.plainHint}
      </p>
    </section>
  );
}
