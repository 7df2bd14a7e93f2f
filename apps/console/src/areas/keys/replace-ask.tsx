/** Before another account takes the place of the kept one: which it is, and who else signs for it. A link must not do that by one click. */

import type { ReactNode } from 'react';
import { Id } from '../../parts/texts.tsx';
import { Fingerprint } from './key-parts.tsx';
import type { KeptAccount } from './key-store.ts';
import type { OtherKey } from './other-keys.ts';
import { useTexts } from './texts.ts';

/** Asks; nothing is replaced until `onYes`. */
export function ReplaceAsk(props: {
  readonly place: KeptAccount;
  readonly others: readonly OtherKey[];
  readonly onYes: () => void;
  readonly onNo: () => void;
}): ReactNode {
  const { place, others, onYes, onNo } = props;
  const texts = useTexts();
  return (
    <div className="replace">
      <p className="problem">{texts.replaceAsk}</p>
      <p>
        {texts.account}: <Id id={place.id} />
      </p>
      <p>{others.length === 0 ? texts.replaceNone : texts.replaceOthers}</p>
      <ul>
        {others.map(({ number, key }) => (
          <li key={number}>
            <Fingerprint of={key} />
          </li>
        ))}
      </ul>
      {others.some(({ isProven }) => !isProven) && <p className="hint">{texts.unproven}</p>}
      <p className="actions">
        <button type="button" onClick={onNo}>
          {texts.replaceNo}
        </button>
        <button type="button" className="danger" onClick={onYes}>
          {texts.replaceYes}
        </button>
      </p>
    </div>
  );
}
