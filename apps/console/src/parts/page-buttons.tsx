/** Turning the pages of a list. */

import type { ReactNode } from 'react';

type PageButtonsProps = {
  /** Where the page that is shown begins; null for the first. */
  readonly cursor: string | null;
  readonly next: string | null;
  readonly onGo: (cursor: string | null) => void;
  readonly words: { readonly first: string; readonly next: string };
};

/** To the first page of a list and to the next one; nothing where all of it is shown. */
export function PageButtons({ cursor, next, onGo, words }: PageButtonsProps): ReactNode {
  if (cursor === null && next === null) return null;
  return (
    <p className="actions">
      {cursor !== null && (
        <button type="button" onClick={() => onGo(null)}>
          {words.first}
        </button>
      )}
      {next !== null && (
        <button type="button" onClick={() => onGo(next)}>
          {words.next}
        </button>
      )}
    </p>
  );
}
