/** Small pieces of text: values of strangers, ids, times, badges of state. */

import { plainText } from '@oppidum/pages/plain-text';
import { Fragment, type ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { addressOf, type Route } from '../route.ts';
import { formatNumber, formatTime } from './format.ts';

/** Characters of a strange name in a line of ours: the ledger allows 64 bytes, whoever serves it may not keep to that. */
const LABEL_LENGTH_MAX = 80;

/** A value that somebody else chose, isolated from the direction of the page. */
export function Quoted({ text, lengthMax }: { readonly text: string; readonly lengthMax?: number }): ReactNode {
  return <bdi>{plainText(text, lengthMax)}</bdi>;
}

/** A sentence of ours in which commands stand between backticks. */
export function WithCode({ text }: { readonly text: string }): ReactNode {
  return text.split('`').map((part, place) =>
    place % 2 === 0 ? (
      part
    ) : (
      <code key={part} dir="ltr">
        {part}
      </code>
    ),
  );
}

/** An id, whole: it breaks where the line ends. */
export function Id({ id }: { readonly id: string }): ReactNode {
  return (
    <code className="id" dir="ltr">
      {id}
    </code>
  );
}

/** The beginning of an id as a link to what it names. */
export function IdLink({
  id,
  to,
  label,
}: {
  readonly id: string;
  readonly to: Route;
  readonly label?: string | null;
}): ReactNode {
  return (
    <a href={addressOf(to)} title={id}>
      {label === undefined || label === null || label === '' ? (
        <code dir="ltr">{id.slice(0, 10)}…</code>
      ) : (
        <Quoted text={label} lengthMax={LABEL_LENGTH_MAX} />
      )}
    </a>
  );
}

/** A block by its height. */
export function BlockLink({ height }: { readonly height: number }): ReactNode {
  const { tag } = useLanguage();
  return <IdLink id={String(height)} to={{ view: 'block', height }} label={formatNumber(height, tag)} />;
}

/** A moment, in the reader's language. */
export function Time({ ms }: { readonly ms: number | null }): ReactNode {
  const { tag } = useLanguage();
  if (ms === null) return '–';
  return <time dateTime={new Date(ms).toISOString()}>{formatTime(ms, tag)}</time>;
}

/** State in words; its colour only repeats them. */
export function StateBadge({ state, text }: { readonly state: string; readonly text: string }): ReactNode {
  return <span className={`state ${state}`}>{text}</span>;
}

/** Yes or no in words. */
export function YesNo({ value }: { readonly value: boolean }): ReactNode {
  const { sentences } = useLanguage();
  return value ? sentences.yes : sentences.no;
}

/** Names and values of one record; null values show as a dash. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }): ReactNode {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '–'}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
