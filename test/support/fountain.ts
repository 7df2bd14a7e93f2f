/** The worked example of docs/adding-a-domain.md: fountains, whose pumps run no faster than their basin allows and never dry. */

import { type Domain, readDocument } from '@oppidum/contracts/domains/domain';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseBy } from '@oppidum/formats/common-schemas';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type Infer, struct, uint } from '@oppidum/formats/schema';

/** The document `basin`: what the pump may give, in litres a minute. */
export const basinSchema = struct({ version: uint({ min: 1, max: 1 }), flowMax: uint({ min: 1, max: 10_000 }) });
type Basin = Infer<typeof basinSchema>;

/** Refuses a flow above what the basin takes: NUMBER_RANGE. A zone without its document gives no water: DOCUMENT_UNKNOWN. */
function checkFlow(flow: number, basin: Basin | null): Rejection | null {
  if (basin === null) return reject('DOCUMENT_UNKNOWN', { name: 'basin' });
  return flow <= basin.flowMax ? null : reject('NUMBER_RANGE', { at: '/arguments/0', max: basin.flowMax });
}

const parseBasin = (body: Bytes): Basin => parseBy(basinSchema, body);

export const FOUNTAINS: Domain = {
  name: 'fountains',
  commands: {
    'pump/run': { dangerous: true, safe: false },
    'pump/stop': { dangerous: false, safe: true },
  },
  documents: {
    basin: (body) => {
      parseBasin(body);
      return null;
    },
  },
  checkOrder(city, zone, order) {
    if (order.command !== 'pump/run') return null;
    const document = readDocument(city, zone.id, 'basin');
    return checkFlow(order.arguments[0] ?? 0, document === null ? null : parseBasin(document.body));
  },
};
