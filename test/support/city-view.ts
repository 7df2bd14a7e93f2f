/** The city as an action of its next block would see it, for rules that no action asks alone. */

import type { Crypto } from '@oppidum/formats/crypto';
import { type City, cityView, StateOverlay, type StateReader } from '@oppidum/ledger/city';
import { namedId, type TestCity } from './ledger.ts';

export type ViewOptions = {
  /** Of the block. */
  readonly timeMs?: number;
  readonly crypto?: Crypto;
  readonly state?: StateReader;
};

/** Reads only: what is written to it is lost. */
export function viewOf(city: TestCity, options: ViewOptions = {}): City {
  const nothing = () => {
    throw new Error('a view runs no actions');
  };
  const { timeMs = city.timeMs, crypto = city.rules.crypto, state = city.state } = options;
  const around = { genesis: city.rules.genesis, height: city.height + 1, authority: { signers: [] } };
  const transactionId = namedId('view');
  const context = { ...around, crypto, timeMs, transactionId, checkAction: nothing, execute: nothing };
  return cityView(new StateOverlay(state), context, []);
}
