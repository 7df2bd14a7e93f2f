/** What a transaction or a proposal does: one plain sentence each, and the whole of it below. */

import type { ActionJson } from '@oppidum/gateway/api-types';
import type { LanguageCode } from '@oppidum/pages/languages';
import { plainText } from '@oppidum/pages/plain-text';
import { ACT_WORDS } from '@oppidum/signing/words/all';
import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { LEDGER_TEXTS } from '../texts/ledger.ts';
import { Quoted } from './texts.tsx';

/** Characters of a value within a sentence. */
const VALUE_LENGTH_MAX = 64;
const DETAILS_LENGTH_MAX = 20_000;

/** All of them. */
export function Actions({ actions }: { readonly actions: readonly ActionJson[] }): ReactNode {
  const { code } = useLanguage();
  return actions
    .map((action, place) => ({ ...action, place }))
    .map(({ place, kind, body }) => (
      <details key={place} className="card">
        <summary>
          {sentenceParts(kind, code).map((piece) =>
            piece.startsWith('{') ? <Value key={piece} value={body[piece.slice(1, -1)]} /> : piece,
          )}{' '}
          <code dir="ltr">{plainText(kind, VALUE_LENGTH_MAX)}</code>
        </summary>
        <JsonText value={body} />
      </details>
    ));
}

function Value({ value }: { readonly value: unknown }): ReactNode {
  return (
    <strong>
      <Quoted text={typeof value === 'object' ? '…' : String(value ?? '–')} lengthMax={VALUE_LENGTH_MAX} />
    </strong>
  );
}

/** The kind of an action as a sentence without its values: for lists. */
export function ActionKinds({ kinds }: { readonly kinds: readonly string[] }): ReactNode {
  const { code } = useLanguage();
  const texts = [...new Set(kinds)].map((kind) =>
    sentenceParts(kind, code)
      .map((piece) => (piece.startsWith('{') ? '…' : piece))
      .join(''),
  );
  return <Quoted text={texts.join('; ')} lengthMax={160} />;
}

/** Words of ours and names of fields in braces; a kind that nobody has words for stands for itself. */
function sentenceParts(kind: string, code: LanguageCode): readonly string[] {
  const { acts } = ACT_WORDS[code];
  const own: Readonly<Record<string, string>> = { ...acts, ...LEDGER_TEXTS[code].machineActs };
  const sentence = Object.hasOwn(own, kind) ? own[kind] : kind;
  return (sentence ?? kind).split(/(\{[a-zA-Z]+\})/).filter((piece) => piece !== '');
}

/** A value as its JSON, with nothing in it that could turn the text around it. */
export function JsonText({ value }: { readonly value: unknown }): ReactNode {
  const lines = JSON.stringify(value, null, 2).slice(0, DETAILS_LENGTH_MAX).split('\n');
  return (
    <pre dir="ltr" tabIndex={0}>
      {lines.map((line) => plainText(line, DETAILS_LENGTH_MAX)).join('\n')}
    </pre>
  );
}
