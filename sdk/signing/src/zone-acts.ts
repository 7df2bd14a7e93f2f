/** Acts about zones and orders carry statements of order keys, which somebody who signs the act must see as well. */

import type { Bytes } from '@oppidum/formats/bytes';
import { parseEnvelope } from '@oppidum/formats/envelope';
import { parseOrder } from '@oppidum/formats/order-statement';
import { parseKeySet, parseZoneDocument } from '@oppidum/formats/zone-statements';

/** Fields that hold a statement which order keys signed: it is read, and shown, to its last field like the act itself. */
export const STATEMENTS: Readonly<Record<string, (statement: Bytes) => unknown>> = {
  statement: parseOrder,
  keySet: parseKeySet,
  envelope: parseEnvelope,
  document: parseZoneDocument,
};
