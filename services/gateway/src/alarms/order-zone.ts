/** Which zone an act is about, where it would have issued an order. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { orNull } from '@oppidum/formats/errors';
import { parseOrder } from '@oppidum/formats/order-statement';
import type { Action } from '@oppidum/formats/transaction';

/** Null for any other act. `zoneOfOrder`: of an order that is known. */
export function orderZoneOf<Z>({ kind, body }: Action, zoneOfOrder: (order: Bytes) => Z): Z | Bytes | null {
  if (!(body instanceof Map)) return null;
  if (kind === 'order/issue') return zoneNamed(body.get('statement'));
  const id = kind === 'order/approve' ? body.get('id') : null;
  return id instanceof Uint8Array ? zoneOfOrder(id) : null;
}

/** The zone that an order names; what a stranger sent may be none. */
function zoneNamed(given: CborValue | undefined): Bytes | null {
  if (!(given instanceof Uint8Array)) return null;
  return orNull(() => parseOrder(given).zone);
}
