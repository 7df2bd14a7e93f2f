/** Codes of validators: how their set changes, what is proven against them. */

import { entry } from './error-entry.ts';

export const VALIDATOR_ERRORS = {
  VALIDATORS_MISMATCH: entry(
    400,
    1,
    'The validators named are not those of the policy',
    'Name each member of the group `validators` in its order, with its log key of the policy and its consensus key',
  ),
  MISBEHAVIOUR_RECORDED: entry(409, 1, 'Misbehaviour of this key is on the ledger already', 'Nothing is to be done'),
  VALIDATORS_DIFFER: entry(
    500,
    1,
    'The consensus engine and the city do not have the same validators',
    'Give every node the same genesis documents, as `oppidum cluster init` made them',
  ),
} as const;
