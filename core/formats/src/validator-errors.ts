/** Codes of validators and of the programs they run: how their set changes, what is proven against them, upgrades. */

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
  UPGRADE_NEEDED: entry(
    503,
    7,
    'From this block on the city executes by rules that this program does not know, so the node stops before it',
    'Install the version that the council decided on and start again: it goes on with this block',
  ),
  UPGRADE_PLANNED: entry(409, 1, 'An upgrade is planned already', 'Cancel it first, or wait for its block'),
  UPGRADE_UNPLANNED: entry(409, 1, 'No upgrade is planned', 'Nothing is to be done'),
  UPGRADE_VERSION: entry(400, 1, 'Upgrades go one version at a time', 'Name the version after the one in force'),
  UPGRADE_TOO_SOON: entry(400, 1, 'The block of the upgrade is not ahead', 'Name a later height, with time to install'),
  HALT_HEIGHT: entry(
    503,
    7,
    'The node stops before this block, as it was told with --halt-height',
    'Start it without --halt-height, or with a later one, to go on',
  ),
} as const;
