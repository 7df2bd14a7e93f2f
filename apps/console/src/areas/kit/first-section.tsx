/** How far the device is, as the city says it: on the ledger, active, heard. */

import type { ReactNode } from 'react';
import { addressOf } from '../../route.ts';
import type { KitTexts } from './texts.ts';
import type { Found } from './use-kit.ts';

/** Three steps and where they lead. */
export function FirstSection({ texts, found }: { readonly texts: KitTexts; readonly found: Found }): ReactNode {
  const { device, reading } = found;
  const steps = {
    seen: device !== null,
    active: device !== null && device.status !== 'registered',
    reading: reading !== null,
  } as const;
  return (
    <section className="card" id="first-reading">
      <h2>{texts.firstHeading}</h2>
      <ol className="steps" aria-live="polite">
        {(['seen', 'active', 'reading'] as const).map((step) => (
          <li key={step} data-step={step} data-done={steps[step]}>
            {texts.steps[step]}:{' '}
            <span className={steps[step] ? 'state active' : 'state'}>{texts.stepStates[steps[step] ? 'done' : 'waiting']}</span>
          </li>
        ))}
      </ol>
      <p className="actions">
        {device !== null && <a href={addressOf({ view: 'device', id: device.id })}>{texts.openDevice}</a>}
        {reading !== null && <a href={addressOf({ view: 'reading', id: reading })}>{texts.openReading}</a>}
      </p>
    </section>
  );
}
