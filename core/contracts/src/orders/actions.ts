/** All actions of the area of orders. */

import type { AnyAction } from '@oppidum/ledger/action';
import type { DomainLookup } from '../domains/domain.ts';
import { approveOrder } from './approve-order.ts';
import { cancelOrder } from './cancel-order.ts';
import { issueOrder } from './issue-order.ts';
import { reportOrder } from './report-order.ts';

/** The actions, under these domains. */
export const orderActions = (domains: DomainLookup): readonly AnyAction[] => [
  issueOrder(domains),
  approveOrder(domains),
  cancelOrder,
  reportOrder,
];
