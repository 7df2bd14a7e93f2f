import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterStatus, Trouble, ValidatorStatus } from '@oppidum/node/cluster-status-main';
import { describeWhole } from './cluster-status.ts';

/** Four validators; what is wrong with each. */
function statusOf(...troubles: readonly (Trouble | null)[]): ClusterStatus {
  const validators = troubles.map((trouble, i) => {
    const isHeard = trouble === null;
    return {
      name: `validator-${i + 1}`,
      isValidator: true,
      isHeard,
      troubles: isHeard ? [] : [trouble],
    } as unknown as ValidatorStatus;
  });
  const isDeciding = 3 * validators.filter(({ isHeard }) => isHeard).length > 2 * validators.length;
  return { validators, faults: 1, isDeciding, ok: false };
}

test('a city that stands says whether it waits for its upgrade or for validators that are away', () => {
  assert.match(describeWhole(statusOf(null, null, null, null)), /^4 of 4 validators are there, 3 must be: the city decides\.$/);
  const upgrade =
    /^0 of 4 .*: the city has stopped for its upgrade, and goes on when more than two thirds run the new version\.$/;
  assert.match(describeWhole(statusOf('upgrade', 'upgrade', 'upgrade', 'upgrade')), upgrade);
  assert.match(describeWhole(statusOf(null, null, 'upgrade', 'upgrade')), /^2 of 4 .*has stopped for its upgrade/);
  assert.match(describeWhole(statusOf('upgrade', 'upgrade', 'upgrade', 'away')), /TOO FEW/);
  assert.match(describeWhole(statusOf(null, null, null, 'upgrade')), /the city decides\.$/);
});
