/** Taking an order back: an everyday act, for it errs on the safe side. It is said in words, signed here and followed to its end. */

import { parseHex } from '@oppidum/formats/bytes';
import type { Action } from '@oppidum/formats/transaction';
import type { CityJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useState } from 'react';
import { useLanguage } from '../../language.ts';
import { useLoaded } from '../../use-loaded.ts';
import { ActFlow } from '../keys/act-flow.tsx';
import type { KeptAccount, KeptKey } from '../keys/key-store.ts';
import '../keys/keys.css';
import { useTexts } from '../keys/texts.ts';
import { useKey, useStanding } from '../keys/use-key.ts';
import { TEXTS } from './texts.ts';

type Props = { readonly id: string; readonly isOpen: boolean };

/** Stays while what was begun here comes to its end, also when the order is over by then. */
export function CancelOrder({ id, isOpen }: Props): ReactNode {
  const city = useLoaded<CityJson>('/api/v1/city').value;
  return city === null ? null : <WithCity id={id} isOpen={isOpen} genesis={city.genesis} />;
}

function WithCity({ id, isOpen, genesis }: Props & { readonly genesis: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const keys = useTexts();
  const loaded = useKey(genesis);
  const [actions, setActions] = useState<readonly Action[] | null>(null);
  const key = loaded.at === 'ready' ? loaded.key : null;
  if (loaded.at === 'loading' || (!isOpen && actions === null)) return null;
  return (
    <section className="keys" aria-labelledby="cancel-heading">
      <h2 id="cancel-heading">{texts.cancelHeading}</h2>
      <p>{texts.cancelLead}</p>
      {key === null || key.account === null ? (
        <p className="hint">
          {loaded.at === 'trouble' ? keys.troubles[loaded.trouble] : keys.actNeedsKey} <a href="#/keys">{keys.heading}</a>
        </p>
      ) : actions !== null ? (
        <ActFlow signingKey={key} account={key.account} actions={actions} onBack={() => setActions(null)} />
      ) : (
        <Begin signingKey={key} account={key.account} onBegin={() => setActions([cancellationOf(id)])} />
      )}
    </section>
  );
}

type BeginProps = { readonly signingKey: KeptKey; readonly account: KeptAccount; readonly onBegin: () => void };

function Begin({ signingKey, account, onBegin }: BeginProps): ReactNode {
  const keys = useTexts();
  const { standing } = useStanding(signingKey, account);
  if (standing !== null && standing.state !== 'inForce')
    return (
      <p className="problem">
        {keys.states[standing.state]} <a href="#/keys">{keys.heading}</a>
      </p>
    );
  return (
    <>
      {standing !== null && !standing.roles.includes('operator') && <p className="hint">{keys.codes.NOT_AUTHORIZED}</p>}
      <p className="actions">
        <button type="button" onClick={onBegin}>
          {keys.preview}
        </button>
      </p>
    </>
  );
}

function cancellationOf(id: string): Action {
  return { kind: 'order/cancel', body: new Map([['id', parseHex(id)]]) };
}
