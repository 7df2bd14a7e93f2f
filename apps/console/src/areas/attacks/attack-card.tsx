/** One attack: what it tries, how it stands, and what came of it. */

import type { AttackJson, AttackOutcomeJson } from '@oppidum/gateway/api/attacks';
import type { ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { Facts, Quoted } from '../../parts/texts.tsx';
import { Exhibits } from './exhibit.tsx';
import { type Standing, TEXTS } from './texts.ts';
import { ruleSentence, tell } from './told.ts';

const MARKS: Readonly<Record<Standing, string>> = {
  ...{ idle: '·', waiting: '·', running: '…' },
  ...{ prevented: '✓', detected: '✓', succeeded: '✗', missing: '✗' },
};

type Props = {
  readonly attack: AttackJson;
  readonly standing: Standing;
  readonly outcome: AttackOutcomeJson | null;
  readonly policy: string | null;
  readonly isBusy: boolean;
  readonly onBegin: () => void;
};

/** A card of the list. */
export function AttackCard({ attack, standing, outcome, policy, isBusy, onBegin }: Props): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const { name, tried, by, rule } = attack;
  return (
    <article className="card attack" data-attack={name} data-standing={standing}>
      <div className="head">
        <h3 id={`attack-${name}`}>
          <Told text={name} /> {code !== 'en' && <code dir="ltr">{name}</code>}
        </h3>
        <span className={`ending ${standing}`}>
          <span aria-hidden="true">{MARKS[standing]} </span>
          {texts.standing[standing]}
        </span>
        <button type="button" disabled={isBusy} aria-describedby={`attack-${name}`} onClick={onBegin}>
          {outcome === null ? texts.one : texts.again}
        </button>
      </div>
      <Facts
        facts={[
          [texts.tried, <Told key="tried" text={tried} />],
          ...(outcome?.rule === rule
            ? []
            : [
                [
                  texts.expected,
                  <span key="expected">
                    <Told text={by} /> <Rule rule={rule} />
                  </span>,
                ] as const,
              ]),
          ...(outcome === null ? [] : outcomeFacts(texts, outcome)),
        ]}
      />
      {outcome !== null && <Exhibits evidence={outcome.evidence} policy={policy} />}
    </article>
  );
}

function outcomeFacts(
  texts: (typeof TEXTS)['en'],
  { by, rule, saw }: AttackOutcomeJson,
): readonly (readonly [name: string, value: ReactNode])[] {
  return [
    [texts.by, <Told key="by" text={by} />],
    [texts.rule, rule === null ? <strong key="rule">{texts.noRule}</strong> : <Rule key="rule" rule={rule} />],
    [texts.saw, <Told key="saw" text={saw} />],
  ];
}

/** A sentence of the program that carries attacks out: in English where it is not known in the language of the page. */
function Told({ text }: { readonly text: string }): ReactNode {
  const parts = tell(useLanguage().code, text);
  if (parts === null)
    return (
      <span lang="en" dir="ltr" className="told">
        <Quoted text={text} />
      </span>
    );
  return (
    <span className="told">
      {parts
        .map((part, place) => ({ part, place }))
        .map(({ part, place }) => (part.kind === 'words' ? part.text : <Quoted key={place} text={part.text} />))}
    </span>
  );
}

/** A code, and its sentence where it has one. */
function Rule({ rule }: { readonly rule: string }): ReactNode {
  const sentence = ruleSentence(rule);
  return (
    <>
      <code dir="ltr">{rule}</code>
      {sentence !== null && (
        <span className="hint">
          <Told text={sentence} />
        </span>
      )}
    </>
  );
}
