/** The kit for a device: what it is, its key, its program, the way in, and its first reading. */

import { type ReactNode, useState } from 'react';
import { useLanguage } from '../../language.ts';
import { ProblemText } from '../../parts/freshness.tsx';
import { useBrowserSigner } from '../maker/browser-signer.ts';
import '../maker/maker.css';
import { useMakers } from '../maker/use-makers.ts';
import { type Draft, firstDraft, idOfKey, publicKeyOf } from './device-draft.ts';
import { FirstSection } from './first-section.tsx';
import './kit.css';
import { KeySection } from './key-section.tsx';
import { LetInSection } from './let-in-section.tsx';
import { ProgramSection } from './program-section.tsx';
import { TEXTS } from './texts.ts';
import { type CityFacts, useCityFacts, useFoundDevice, type Wanted } from './use-kit.ts';
import { WhatSection } from './what-section.tsx';

/** The page; `argument`: from a scanned code. */
export function KitView({ argument }: { readonly argument: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [draft, setDraft] = useState<Draft>(() => firstDraft(argument));
  const signer = useBrowserSigner();
  const { makers, problem: makersProblem } = useMakers();
  const { facts, problem } = useCityFacts();
  const found = useFoundDevice(wantedOf(draft, facts, (id) => makers?.models.find((model) => model.id === id)?.deviceType));
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  const trouble = problem ?? makersProblem;
  return (
    <>
      <h1>{texts.heading}</h1>
      <p>{texts.lead}</p>
      {trouble !== null && <ProblemText code={trouble.code} message={trouble.message} />}
      <WhatSection texts={texts} draft={draft} makers={makers} onChange={change} />
      <KeySection texts={texts} draft={draft} onChange={change} />
      {facts !== null && (
        <>
          <ProgramSection texts={texts} draft={draft} facts={facts} />
          <LetInSection {...{ texts, draft, makers, signer }} genesis={facts.genesis} device={found.device} />
        </>
      )}
      <FirstSection texts={texts} found={found} />
    </>
  );
}

/** The device is looked for by its key; where nobody has said it, by its name among those that came since the page was opened. */
function wantedOf(draft: Draft, facts: CityFacts | null, typeOf: (model: string) => string | undefined): Wanted | null {
  const publicKey = publicKeyOf(draft);
  if (publicKey !== null) return { id: idOfKey(publicKey) };
  const type = draft.model === null ? draft.type : typeOf(draft.model);
  if (facts === null || type === undefined || type === '' || draft.label === '') return null;
  return { label: draft.label, type, sinceHeight: facts.height };
}
