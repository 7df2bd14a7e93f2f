/** The tour: what a city like this is, in four words and a few steps that anybody can take now. */

import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { Facts } from '../../parts/texts.tsx';
import { addressOf, parseRoute } from '../../route.ts';
import { useLoaded } from '../../use-loaded.ts';
import { TEXTS } from './texts.ts';

type Newest = { readonly items: readonly Pick<ReadingJson, 'id'>[] };

/** Explains, and leads on. Links go to what this city has. */
export function TourView(): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const newest = useLoaded<Newest>('/api/v1/readings?limit=1').value?.items[0];
  const targets = {
    look: '#/city',
    trust: '#/trust',
    check: newest === undefined ? null : addressOf({ view: 'reading', id: newest.id }),
    tamper: parseRoute('#/tamper').view === 'area' ? '#/tamper' : null,
    attack: '#/attacks',
    offline: '/verify',
  } as const;
  const steps = (['look', 'trust', 'check', 'tamper', 'attack', 'offline'] as const).filter(
    (step) => step !== 'tamper' || targets.tamper !== null,
  );
  return (
    <>
      <h1>{texts.heading}</h1>
      <p className="lead">{texts.lead}</p>
      <h2>{texts.wordsHeading}</h2>
      <Facts facts={texts.words} />
      <h2>{texts.stepsHeading}</h2>
      <ol className="tour">
        {steps.map((step) => (
          <li key={step} className="card">
            <h3>{texts.steps[step].heading}</h3>
            <p>{texts.steps[step].text}</p>
            {targets[step] !== null && <a href={targets[step]}>{texts.steps[step].link}</a>}
          </li>
        ))}
      </ol>
      <h2>{texts.limitsHeading}</h2>
      <p>{texts.limits}</p>
    </>
  );
}
