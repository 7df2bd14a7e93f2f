/** The smallest contract: counters that anybody may change. For tests of the ledger itself. */

import { id } from '@oppidum/formats/common-schemas';
import { formatError, reject } from '@oppidum/formats/errors';
import { struct, uint } from '@oppidum/formats/schema';
import { at, defineKind } from '@oppidum/formats/state-layout';
import { type AnyAction, defineAction } from '@oppidum/ledger/action';

export const counterKind = defineKind({
  name: 'counter',
  area: 0xf0,
  kind: 0x01,
  segments: ['id'],
  value: struct({ total: uint() }),
});

/** Refused when the total would pass this. */
export const TOTAL_MAX = 100;

const add = defineAction({
  kind: 'counter/add',
  body: { id: id(), by: uint() },
  check(body, city) {
    const total = (city.read(at(counterKind, body.id))?.total ?? 0) + body.by;
    return total <= TOTAL_MAX ? null : reject('NUMBER_RANGE', { total });
  },
  apply(body, city) {
    const total = (city.read(at(counterKind, body.id))?.total ?? 0) + body.by;
    city.write(at(counterKind, body.id), { total });
    city.emit('counter/added', { id: body.id, total });
  },
});

/** Removes a counter, or does nothing. */
const clear = defineAction({
  kind: 'counter/clear',
  body: { id: id() },
  check: () => null,
  apply(body, city) {
    city.remove(at(counterKind, body.id));
  },
});

/** Carries bytes that mean nothing, which its check finds out by parsing them. */
const parse = defineAction({
  kind: 'counter/parse',
  body: {},
  check() {
    throw formatError('TRUNCATED');
  },
  apply: () => null,
});

const reset = defineAction({
  kind: 'counter/reset',
  body: { id: id() },
  dangerous: true,
  check: () => null,
  apply(body, city) {
    city.write(at(counterKind, body.id), { total: 0 });
  },
});

export const counterActions: readonly AnyAction[] = [add, clear, parse, reset];
