/** Text to copy: shown as it is, always from left to right, with a button that says whether it worked. */

import { type ReactNode, useState } from 'react';

export type CopyWords = { readonly copy: string; readonly copied: string; readonly copyFailed: string };

/** A block of text; `name` finds it in tests and tells screen readers what it is. */
export function CopyBlock({
  text,
  name,
  label,
  words,
}: {
  readonly text: string;
  readonly name: string;
  readonly label: string;
  readonly words: CopyWords;
}): ReactNode {
  const [said, setSaid] = useState('');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setSaid(words.copied),
      () => setSaid(words.copyFailed),
    );
  };
  return (
    <div className="copy-block">
      <section aria-label={label} tabIndex={0} dir="ltr" className="copy-text">
        <pre data-copy={name}>{text}</pre>
      </section>
      <p className="actions">
        <button type="button" onClick={copy} aria-label={`${words.copy}: ${label}`}>
          {words.copy}
        </button>
        <span role="status">{said}</span>
      </p>
    </div>
  );
}
