/** Readings about somebody are gone: the city says so, without saying about whom. */

import { ERASURE_ACTION, erasureFields } from '@oppidum/formats/action-bodies';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { erasureKind } from '@oppidum/formats/state-erasure';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole, holdersOf } from '../authority.ts';

/**
 * Records an erasure: the RFC 6962 root over `count` salted leaves (shard, index), one for each erased entry. Whoever is told that a
 * reading was erased can be shown its path; nobody else learns which readings are meant.
 * Refuses, in this order: NOT_AUTHORIZED, ERASURE_EXISTS.
 */
export const recordErasure = defineAction({
  kind: ERASURE_ACTION,
  body: erasureFields,

  check({ id: erasure }, city) {
    const refused = checkRole(city, 'data-protection');
    if (refused !== null) return refused;
    return city.read(at(erasureKind, erasure)) === null ? null : reject('ERASURE_EXISTS', { erasure: toHex(erasure) });
  },

  // COMMIT POINT
  apply({ id: erasure, root, count, legalBasis }, city) {
    const [holder] = holdersOf(city, 'data-protection');
    if (holder === undefined) throw new Error('the check found a holder of the role');
    city.write(at(erasureKind, erasure), { root, count, legalBasis, by: holder.account, at: city.height });
    city.emit('erasure/recorded', { erasure, root, count, legalBasis });
  },
});
