/** Checks of the running city, by what it answers and by what its policy proves. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { describeError } from '@oppidum/formats/errors';
import { evaluatePolicy, refusalOf } from '@oppidum/formats/policy';
import type { CityJson } from '@oppidum/gateway/api-types';
import { CityCalls } from '../api.ts';
import { COMMAND, formatTime } from '../cli.ts';
import { describeFailure } from '../failure.ts';
import { isPortFree } from '../start/cluster-ports.ts';
import { type CheckResult, failed, passed, skipped, warned } from './check.ts';

const MQTT_PORT = 8421;
const MQTT_TLS_PORT = 8422;
const LAG_WARN = 1_000;
/** Clocks of one machine differ by nothing; block time runs ahead only of a clock that was set back. */
const AHEAD_MS_WARN = 2_000;

/** The API answers, and for the city of this data folder, which a process may hold. Gives what it says of itself, or null. */
export async function checkApi(
  api: string,
  genesis: string | null,
  isHeld: boolean,
  mayBeWithoutDoors = false,
): Promise<{ readonly result: CheckResult; readonly city: CityJson | null }> {
  const name = 'API';
  try {
    const city = await new CityCalls(api).get<CityJson>('/api/v1/city');
    if (genesis !== null && city.genesis !== genesis)
      return {
        result: failed(name, `${api} is of another city`, 'Name the address of this city with --api, or its folder with --data'),
        city: null,
      };
    return { result: passed(name, `${api}: block ${city.height}`), city };
  } catch (error) {
    const { code, text } = describeFailure(error);
    if (code === 'CITY_UNREACHABLE' && isHeld && mayBeWithoutDoors)
      return {
        result: skipped(name, `this validator runs, and nothing answers at ${api}: it has no doors, or others`),
        city: null,
      };
    if (code === 'CITY_UNREACHABLE' && isHeld)
      return {
        result: failed(
          name,
          `a city runs on this folder, and nothing answers at ${api}`,
          'Name its address with --api or OPPIDUM_API',
        ),
        city: null,
      };
    if (code === 'CITY_UNREACHABLE')
      return { result: skipped(name, `nothing answers at ${api}: the city does not run`), city: null };
    return { result: failed(name, text, 'See what listens at this address, or name another with --api'), city: null };
  }
}

/** While the city does not run, its ports are free for it. */
export async function checkPorts(api: string, city: CityJson | null): Promise<CheckResult> {
  const name = 'ports';
  if (city !== null) return passed(name, describePorts(city));
  const { hostname: host, port } = new URL(api);
  if (host !== '127.0.0.1' && host !== 'localhost') return skipped(name, `${host} is another machine`);
  for (const wanted of [Number(port || 80), MQTT_PORT, MQTT_TLS_PORT]) {
    if (!(await isPortFree(wanted)))
      return failed(name, `another program listens on ${wanted}`, 'Stop it, or start with --port, --mqtt-port and --mqtts-port');
  }
  return passed(name, `${port || 80}, ${MQTT_PORT} and ${MQTT_TLS_PORT} are free`);
}

function describePorts({ mqtt }: CityJson): string {
  const tls = mqtt === null || mqtt.tls === null ? '' : `, MQTT by TLS at ${mqtt.tls.port}`;
  return `in use by the city${mqtt === null ? '' : `, MQTT at ${mqtt.port}`}${tls}`;
}

/** The newest checkpoint, of the API or else of the folder, is one that `city.policy` believes. */
export async function checkCheckpoint(api: string, data: string, city: CityJson | null): Promise<CheckResult> {
  const name = 'checkpoint';
  const [policyFile, noteFile] = [join(data, 'city.policy'), join(data, 'log', 'checkpoint')];
  if (!existsSync(policyFile)) return skipped(name, 'there is no city.policy here');
  if (city === null && !existsSync(noteFile)) return skipped(name, 'none was made yet');
  try {
    const policy = parseCityPolicy(nativeCrypto, new Uint8Array(readFileSync(policyFile)));
    const note =
      city === null ? new Uint8Array(readFileSync(noteFile)) : await new CityCalls(api).bytes('/log/checkpoint', 'text/plain');
    const report = evaluatePolicy(nativeCrypto, policy, note);
    const refusal = refusalOf(report);
    const action = 'Compare city.policy with the one you published; if both are right, stop and ask who signed';
    if (refusal !== null) return failed(name, describeError(refusal.code, refusal.details), action);
    const { size, root } = report.checkpoint;
    return passed(name, `size ${size}, root ${toHex(root).slice(0, 12)}…, verified under city.policy`);
  } catch (error) {
    return failed(name, describeFailure(error).text, 'Restore city.policy and log/ from a backup');
  }
}

/** Block time never runs ahead of the clock, unless that was set back. */
export function checkClock(city: CityJson | null): CheckResult {
  const name = 'clock';
  if (city === null) return skipped(name, 'the city does not run');
  const aheadMs = city.timeMs - Date.now();
  return aheadMs > AHEAD_MS_WARN
    ? warned(
        name,
        `the newest block is of ${formatTime(city.timeMs)}, ${Math.round(aheadMs / 1_000)} s ahead of this clock`,
        'Set the clock of this machine',
      )
    : passed(name, `newest block of ${formatTime(city.timeMs)}`);
}

/** How far what the lists show is behind what is recorded. */
export function checkReadModel(city: CityJson | null): CheckResult {
  const name = 'read model';
  if (city === null) return skipped(name, 'the city does not run');
  const { behindBlocks, behindReadings } = city.readModel;
  const detail = `${behindBlocks} blocks and ${behindReadings} readings behind`;
  return behindBlocks + behindReadings > LAG_WARN
    ? warned(name, detail, `Wait and look again; if it grows, restart the city (\`${COMMAND} status\` shows it too)`)
    : passed(name, detail);
}
