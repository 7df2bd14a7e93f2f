/** A maker of devices is admitted to the city. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { manufacturerKind } from '@oppidum/formats/state-devices';
import { accountKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkRole } from '../authority.ts';
import { checkOpen } from '../governance/account-keys.ts';
import { isByTrustees, trusteesOf } from '../governance/trustees.ts';

/**
 * Registers a manufacturer that acts through `account`, whose keys change without the manufacturer changing.
 * Rule: where the city has trustees, two thirds of them admit it by a proposal, and nobody else; where it has none, a registrar vouches
 * for it. It has a name, so its account is not a person's.
 * Refuses, in this order: TRUSTEES_REQUIRED (in a city with trustees) or NOT_AUTHORIZED, MANUFACTURER_EXISTS, ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, PERSON_NAMED.
 */
export const createManufacturer = defineAction({
  kind: 'manufacturer/create',
  body: ACTION_FIELDS['manufacturer/create'],

  check(body, city) {
    const refused = checkAdmitter(city);
    if (refused !== null) return refused;
    const known = city.read(at(manufacturerKind, body.id)) !== null;
    if (known) return reject('MANUFACTURER_EXISTS', { manufacturer: toHex(body.id) });
    const closed = checkOpen(city, body.account);
    if (closed !== null) return closed;
    const { holder } = city.get(at(accountKind, body.account));
    return holder === 'person' ? reject('PERSON_NAMED', { account: toHex(body.account) }) : null;
  },

  // COMMIT POINT
  apply({ id: manufacturer, name, account }, city) {
    city.write(at(manufacturerKind, manufacturer), { name, account, from: city.height });
    city.emit('manufacturer/created', { manufacturer, account });
  },
});

function checkAdmitter(city: City): Rejection | null {
  const trustees = trusteesOf(city);
  if (trustees === null) return checkRole(city, 'registrar');
  return isByTrustees(city) ? null : reject('TRUSTEES_REQUIRED', { trustees: toHex(trustees) });
}
