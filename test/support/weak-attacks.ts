/** The command line with a rule against its attacks out of force: a conflict monitor that knows no conflicts. For tests of the attack desk. */

import { RULES, type Rules } from '@oppidum/cli/attacks/rules';
import { readMonitorProgram } from '@oppidum/device/monitor/monitor-program';

const blind: Pick<Rules, 'monitorProgram'> = {
  monitorProgram: (matrix) => ({ channels: readMonitorProgram(matrix).channels.map((channel) => ({ ...channel, foes: [] })) }),
};
Object.assign(RULES, blind);
await import('@oppidum/cli/main');
