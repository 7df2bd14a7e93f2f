/** Checks of a validator of several: its engine, how the others are heard, whom it lets be a peer. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ValidatorStatus } from '@oppidum/node/cluster-status-main';
import { COMMAND } from '../cli.ts';
import { ownValidators } from '../cluster-folder.ts';
import { askClusterStatus, describeWhole } from '../cluster-status.ts';
import { ENGINE_VERSION, findEngines, goVersion, readVersion } from '../engine.ts';
import { isPortFree, peerPortOf } from '../start/cluster-ports.ts';
import { type CheckResult, failed, passed, skipped, warned } from './check.ts';

/** Votes are some hundred milliseconds apart where clocks agree. */
const CLOCK_MS_WARN = 1_500;

/** True for the data folder of a validator of several. */
export function isOfCluster(data: string): boolean {
  return existsSync(join(data, 'comet'));
}

/** CometBFT is there in the right version, or how to have it. */
export function checkEngine(data: string): CheckResult {
  const name = 'engine';
  if (!isOfCluster(data)) return skipped(name, 'this city has one validator, which decides alone');
  const engines = findEngines();
  const engine = engines.find(({ fits }) => fits);
  const install = `Build it with \`${COMMAND} cluster install-engine\``;
  if (engine !== undefined) {
    const detail = `CometBFT ${engine.version} in ${engine.path}`;
    return readVersion(engine.version).release === ENGINE_VERSION
      ? passed(name, detail)
      : warned(name, `${detail}; tested with ${ENGINE_VERSION}`, install);
  }
  const others = engines.map(({ path, version }) => `${path} is ${version}`).join(', ');
  const go = goVersion() === null ? ', and there is no Go to build it' : '';
  return failed(
    name,
    `no CometBFT 0.38${others === '' ? '' : ` (${others})`}${go}`,
    go === '' ? install : 'Install Go (go.dev/dl), then build it with `oppidum cluster install-engine`',
  );
}

/** How the validators are; while none here runs, whether their ports are free. */
export async function checkValidators(data: string, place: string): Promise<readonly CheckResult[]> {
  const name = 'validators';
  if (!isOfCluster(data)) return [];
  const folders = ownValidators(place);
  const status = await askClusterStatus(folders);
  if (typeof status === 'number') return [failed(name, 'they could not be asked', 'See the lines above')];
  const detail = describeWhole(status);
  const action = `See \`${COMMAND} cluster status\``;
  if (status.validators.every(({ isHere, isHeard }) => !isHere || !isHeard)) return [await checkPeerPorts(folders)];
  if (status.validators.some(({ troubles }) => troubles.includes('differs'))) return [failed(name, detail, action)];
  const whole = !status.isDeciding
    ? failed(name, detail, action)
    : status.ok
      ? passed(name, detail)
      : warned(name, detail, action);
  return [whole, checkClocks(status.validators)];
}

async function checkPeerPorts(folders: readonly string[]): Promise<CheckResult> {
  const name = 'validators';
  for (const folder of folders) {
    const port = peerPortOf(folder);
    if (port !== null && !(await isPortFree(port)))
      return failed(name, `none runs, and another program listens on ${port}, where ${folder} would`, 'Stop it');
  }
  return passed(name, `none of the ${folders.length} here runs; their ports are free`);
}

function checkClocks(validators: readonly ValidatorStatus[]): CheckResult {
  const name = 'clocks';
  const known = validators.flatMap(({ name: of, clockAheadMs }) => (clockAheadMs === null ? [] : [{ of, clockAheadMs }]));
  const ahead = known.filter(({ clockAheadMs }) => clockAheadMs > CLOCK_MS_WARN);
  if (known.length === 0) return skipped(name, 'no votes are known yet');
  if (ahead.length === 0) return passed(name, `votes of ${known.length} validators agree about the time`);
  const each = ahead.map(({ of, clockAheadMs }) => `${of} is ${(clockAheadMs / 1_000).toFixed(1)} s ahead`).join(', ');
  return warned(name, each, 'Set the clocks by NTP: the time of a block is the median of its votes');
}
