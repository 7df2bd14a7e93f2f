/** The city as an action of its next block would see it, for rules that no action asks alone. */

import { type City, cityView, StateOverlay } from '@oppidum/ledger/city';
import { namedId, type TestCity } from './ledger.ts';

/** Reads only: what is written to it is lost. `timeMs`: of the block. */
export function viewOf(city: TestCity, timeMs = city.timeMs): City {
  const nothing = () => {
    throw new Error('a view runs no actions');
  };
  const { crypto, genesis } = city.rules;
  const authority = { signers: [] };
  const transactionId = namedId('view');
  const context = { crypto, genesis, height: city.height + 1, timeMs, transactionId, authority };
  return cityView(new StateOverlay(city.state), { ...context, checkAction: nothing, execute: nothing }, []);
}
