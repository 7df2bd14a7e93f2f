/** Acts in words, as the signing page says them: one sentence, what is dangerous about it, every field. */

import { type ActView, describeAct, type Names, type Part } from '@oppidum/signing/describe-act';
import type { Act } from '@oppidum/signing/judge-request';
import { ACT_WORDS } from '@oppidum/signing/words/all';
import { Fragment, type ReactNode } from 'react';
import { useLanguage } from '../../language.ts';
import { Id, Quoted } from '../../parts/texts.tsx';
import { TEXTS } from './texts.ts';

/** The acts one below the other. `isShort`: sentences alone; `isCalm`: without what is dangerous about such acts in general. */
export function ActList({
  acts,
  names,
  isShort = false,
  isCalm = false,
}: {
  readonly acts: readonly Act[];
  readonly names: Names;
  readonly isShort?: boolean;
  readonly isCalm?: boolean;
}): ReactNode {
  const { code } = useLanguage();
  const described = acts.map((act) => describeAct(act, ACT_WORDS[code], names));
  const views = isCalm ? described.map((view) => ({ ...view, risk: null })) : described;
  return <Views views={views} isShort={isShort} />;
}

function Views({ views, isShort }: { readonly views: readonly ActView[]; readonly isShort: boolean }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  return (
    <ol className="acts">
      {views
        .map((view, place) => ({ view, place }))
        .map(({ view: { sentence, risk, rows, inner }, place }) => (
          <li key={place}>
            <p className="sentence">
              <Parts parts={sentence} isShort={isShort} />
            </p>
            {!isShort && risk !== null && (
              <p className="risk">
                <strong>{texts.dangerous}</strong> {risk}
              </p>
            )}
            {!isShort && rows.length > 0 && (
              <dl className="facts">
                {rows
                  .map((row, at) => ({ row, at }))
                  .map(({ row, at }) => (
                    <Fragment key={at}>
                      <dt>{row.label}</dt>
                      <dd>
                        {row.isFile ? (
                          <pre dir="ltr" tabIndex={0}>
                            {row.value.text}
                          </pre>
                        ) : (
                          <PartText part={row.value} isShort={false} />
                        )}
                      </dd>
                    </Fragment>
                  ))}
              </dl>
            )}
            {inner !== null && inner.length > 0 && <Views views={inner} isShort={isShort} />}
          </li>
        ))}
    </ol>
  );
}

function Parts({ parts, isShort }: { readonly parts: readonly Part[]; readonly isShort: boolean }): ReactNode {
  return parts
    .map((part, place) => ({ part, place }))
    .map(({ part, place }) => <PartText key={place} part={part} isShort={isShort} />);
}

function PartText({ part, isShort }: { readonly part: Part; readonly isShort: boolean }): ReactNode {
  const { code } = useLanguage();
  if (part.kind === 'words') return part.text;
  const isId = /^[0-9a-f]{64,}$/.test(part.text);
  if (!isId)
    return (
      <>
        <strong>
          <Quoted text={part.text} />
        </strong>
        {!isShort && part.name !== null && ` (${part.name})`}
      </>
    );
  if (isShort)
    return part.name === null ? (
      <code dir="ltr">{part.text.slice(0, 10)}…</code>
    ) : (
      <strong>
        <Quoted text={part.name} />
      </strong>
    );
  return (
    <>
      <Id id={part.text} />
      {part.name !== null && (
        <>
          {' '}
          ({TEXTS[code].calls} <Quoted text={part.name} />)
        </>
      )}
    </>
  );
}
