/** The key of a person in this browser as a signer of a maker's acts: registering and activating devices are everyday acts (specs/devices.md §4). */

import type { ErrorDetails } from '@oppidum/formats/errors';
import type { Action } from '@oppidum/formats/transaction';
import type { CityJson, TransactionDetailJson } from '@oppidum/gateway/api-types';
import { useEffect, useState } from 'react';
import { ApiProblem, fetchJson } from '../../api.ts';
import { prepareAct, sendAct, signAct } from '../keys/act.ts';
import { type KeptAccount, type KeptKey, readKey, watchKeys } from '../keys/key-store.ts';
import { loadStanding } from '../keys/standing.ts';

/** A key of this browser that is in force; `account` in hex. */
export type BrowserSigner = { readonly account: string; readonly key: KeptKey; readonly place: KeptAccount };

/** The signer, or null: no key, none that stands on the ledger, or none that may be asked. */
export function useBrowserSigner(): BrowserSigner | null {
  const [signer, setSigner] = useState<BrowserSigner | null>(null);
  useEffect(() => {
    let isGone = false;
    const look = (): void => {
      findSigner().then(
        (found) => {
          if (!isGone) setSigner(found);
        },
        // Without a key in the browser the command line signs: nothing is lost.
        () => {
          if (!isGone) setSigner(null);
        },
      );
    };
    look();
    const forget = watchKeys(look);
    return () => {
      isGone = true;
      forget();
    };
  }, []);
  return signer;
}

async function findSigner(): Promise<BrowserSigner | null> {
  const { genesis } = await fetchJson<CityJson>('/api/v1/city');
  const key = await readKey(genesis);
  if (key === null || key.account === null) return null;
  const { state } = await loadStanding(key, key.account);
  return state === 'inForce' ? { account: key.account.id, key, place: key.account } : null;
}

/** How the ledger ended a transaction; `id` in hex. */
type SubmittedAct = { readonly id: string; readonly code: string; readonly details: ErrorDetails };

/** Signs the actions as one transaction, sends it and waits for its end. Throws ApiProblem where nothing was executed. */
export async function submitSigned({ key, place }: BrowserSigner, actions: readonly Action[]): Promise<SubmittedAct> {
  const prepared = await prepareAct(key, place, actions);
  if ('trouble' in prepared)
    throw prepared.trouble === 'clock'
      ? new ApiProblem('CLOCKS_APART', 'The clocks of the city and of this machine do not agree')
      : new ApiProblem('WRONG_CITY', 'This key is of another city');
  const outcome = await sendAct(await signAct(key, prepared), prepared, () => undefined);
  if (outcome.kind === 'lost') throw new ApiProblem('EXPIRED', 'The city did not take the transaction in time');
  if (outcome.kind === 'refused') throw new ApiProblem(outcome.code, outcome.message);
  if (outcome.code === 'OK') return { id: prepared.id, code: 'OK', details: {} };
  const { details } = await fetchJson<TransactionDetailJson>(`/api/v1/transactions/${prepared.id}`);
  return { id: prepared.id, code: outcome.code, details };
}
