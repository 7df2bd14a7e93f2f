/** Who will sign, with which key, and when the answer is handed in. */

import type { AccountDetailJson } from '@oppidum/gateway/api-types';
import { nameKey } from '@oppidum/signing/describe-act';
import { type ReactNode, useEffect, useState } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { useLoaded } from '../../use-loaded.ts';
import type { AskedSigner } from './prepare.ts';
import { TEXTS } from './texts.ts';

/** Hours from now; the window is always ten minutes wide, as the ledger takes it. */
const HAND_IN_HOURS = [0, 1, 4, 24, 72] as const;

export type Choice = { readonly signer: AskedSigner; readonly hours: number };

/** Tells the choice whenever it changes; null until it is whole. */
export function SignerPicker({
  accounts,
  names,
  onChoice,
}: {
  readonly accounts: readonly string[];
  readonly names: ReadonlyMap<string, string>;
  readonly onChoice: (choice: Choice | null) => void;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [account, setAccount] = useState('');
  const [keyNumber, setKeyNumber] = useState<number | null>(null);
  const [hours, setHours] = useState(0);
  const chosen = accounts.includes(account) ? account : null;
  const { value } = useLoaded<AccountDetailJson>(chosen === null ? null : `/api/v1/accounts/${chosen}`);
  const detail = value?.id === chosen ? value : null;
  const keys = detail?.keys.filter((key) => key.class === 'full' && key.to === null) ?? [];
  const number = keys.find((key) => key.number === keyNumber)?.number ?? keys[0]?.number ?? null;
  useEffect(() => {
    onChoice(detail === null || number === null ? null : { signer: { account: detail, keyNumber: number }, hours });
  }, [detail, number, hours, onChoice]);
  return (
    <>
      <label>
        {texts.signer}
        <select value={chosen ?? ''} onChange={({ target }) => setAccount(target.value)} data-name="signer">
          <option value="">{texts.choose}</option>
          {accounts.map((id) => (
            <option key={id} value={id}>
              {names.get(nameKey('account', id)) ?? ''} {id.slice(0, 12)}
            </option>
          ))}
        </select>
      </label>
      {keys.length > 1 && (
        <label>
          {texts.signerKey}
          <select value={String(number)} onChange={({ target }) => setKeyNumber(Number(target.value))}>
            {keys.map((key) => (
              <option key={key.number} value={key.number}>
                {key.number}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        {texts.handIn}
        <select value={hours} onChange={({ target }) => setHours(Number(target.value))} data-name="hours">
          {HAND_IN_HOURS.map((each) => (
            <option key={each} value={each}>
              {each === 0 ? texts.handInNow : fill(texts.handInLater, { hours: each })}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
