/**
 * Traffic signals as a domain (specs/signals.md §10). A zone is one intersection. Its documents `matrix` and `plans` are signed by two
 * different engineers; orders choose among the plans, or ask for flash, and nothing else is a command.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { checkPlans } from '@oppidum/formats/check-plans';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { Order } from '@oppidum/formats/order-statement';
import { checkMatrix, parseSignalMatrix } from '@oppidum/formats/signal-matrix';
import { parseSignalPlans, type SignalPlans } from '@oppidum/formats/signal-plan';
import type { City } from '@oppidum/ledger/city';
import { keySetOf } from '../../zones/zones.ts';
import { type Domain, readDocument, type Zone } from '../domain.ts';

/** A matrix that one person can change protects nobody from that person. */
const ENGINEERS_MIN = 2;

export const SIGNALS: Domain = {
  name: 'signals',
  commands: {
    'signal/plan': { dangerous: true, safe: false },
    // It ends a flash that somebody may have ordered for people who work there.
    'signal/automatic': { dangerous: true, safe: false },
    'signal/flash': { dangerous: false, safe: true },
  },
  documents: {
    matrix: (body, city, zone) => checkEngineers(city, zone) ?? checkMatrix(parseSignalMatrix(body)),
    plans(body, city, zone) {
      const plans = parseSignalPlans(body);
      return checkEngineers(city, zone) ?? checkForMatrix(city, zone, plans);
    },
  },
  checkOrder: (city, zone, order) => (order.command === 'signal/plan' ? checkPlanOrder(city, zone, order) : null),
};

function checkEngineers(city: City, zone: Zone): Rejection | null {
  const { dangerousThreshold } = keySetOf(city, zone);
  return dangerousThreshold >= ENGINEERS_MIN ? null : reject('ENGINEERS_FEW', { needs: ENGINEERS_MIN, dangerousThreshold });
}

/** Plans are for the matrix in force, whole and checked against it. */
function checkForMatrix(city: City, zone: Zone, plans: SignalPlans): Rejection | null {
  const body = bodyOf(city, zone, 'matrix');
  if (body === null) return reject('PLANS_MATRIX_OTHER', { where: 'matrix', what: 'none', why: 'no matrix was signed yet' });
  return checkPlans(parseSignalMatrix(body), city.crypto.sha256(body), plans);
}

/** An order names a plan that was signed for the matrix in force: after a new matrix no old plan is ordered. */
function checkPlanOrder(city: City, zone: Zone, order: Order): Rejection | null {
  const [number = 0] = order.arguments;
  const body = bodyOf(city, zone, 'plans');
  if (body === null) return reject('PLAN_UNKNOWN', { plan: number, why: 'no plans were signed yet' });
  const plans = parseSignalPlans(body);
  const rejection = checkForMatrix(city, zone, plans);
  if (rejection !== null) return rejection;
  return plans.plans.some((plan) => plan.number === number) ? null : reject('PLAN_UNKNOWN', { plan: number });
}

function bodyOf(city: City, zone: Zone, name: 'matrix' | 'plans'): Bytes | null {
  return readDocument(city, zone.id, name)?.body ?? null;
}
