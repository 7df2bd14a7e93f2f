/** The lamps of the town as one zone: they burn by the programme that its engineers signed, by traffic as the city tells it, and by orders. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { lampActuator } from '@oppidum/device/lighting/lamp-actuator';
import type { Actuator } from '@oppidum/device/orders/actuator';
import { encodeUtf8, equalBytes } from '@oppidum/formats/bytes';
import { LIGHTING_PROGRAMME, type LightingProgramme, parseLightingProgramme } from '@oppidum/formats/lighting-programme';
import { interlockSensorKind } from '@oppidum/formats/state-telemetry';
import { parseZoneDocument } from '@oppidum/formats/zone-statements';
import type { StreetLamp } from './kinds/light.ts';
import { LampDriver } from './lamp-driver.ts';
import type { Machine, MachineZone, ZoneTools } from './machine-zone.ts';
import { isAtJunction } from './street-documents.ts';
import { readSigned } from './zone-file.ts';

/** All lamps that are in the zone. */
export class LightZone implements MachineZone {
  readonly machines: readonly Machine[];
  readonly #tools: ZoneTools;
  readonly #drivers: readonly LampDriver[];
  #programme: LightingProgramme;
  #body: Uint8Array;
  #traffic: number | null = null;

  private constructor(tools: ZoneTools, programme: LightingProgramme, body: Uint8Array) {
    this.#tools = tools;
    this.#programme = programme;
    this.#body = body;
    const lamps = tools.members.flatMap((member) => (member.post.lamp === null ? [] : [{ member, street: member.post.lamp }]));
    const made = lamps.map(({ member, street }) => {
      const told = () => ({ traffic: this.#traffic, isLinked: tools.isLinked(member) });
      const driver = new LampDriver(street, isAtJunction(member.post, tools.posts), programme, tools.townMs(), told);
      return { driver, machine: { member, actuator: actuatorOf(driver, street, tools.townMs) } };
    });
    this.#drivers = made.map(({ driver }) => driver);
    this.machines = made.map(({ machine }) => machine);
  }

  /** Null while no programme is signed that holds. */
  static async open(tools: ZoneTools): Promise<LightZone | null> {
    const found = await readProgramme(tools);
    return found === null ? null : new LightZone(tools, found.programme, found.body);
  }

  /** Asks the city for a newer programme, and for the traffic. Throws as `ProvenRecords` does; lamps then know nothing of traffic. */
  async follow(): Promise<void> {
    this.#traffic = null;
    await this.#listen();
    const found = await readProgramme(this.#tools);
    if (found === null || equalBytes(found.body, this.#body)) return;
    [this.#programme, this.#body] = [found.programme, found.body];
    for (const driver of this.#drivers) driver.renew(found.programme);
  }

  async #listen(): Promise<void> {
    const sensor = this.#programme.sections[0]?.traffic?.sensor;
    if (sensor === undefined) return;
    const { records } = this.#tools;
    const record = await records.read(interlockSensorKind, [sensor.device, nativeCrypto.sha256(encodeUtf8(sensor.name))]);
    if (record?.value === undefined || record.signedMs === undefined) return;
    // By the machine's clock: a value that was signed long ago says nothing of now.
    if (Date.now() - record.signedMs > this.#programme.freshS * 1_000) return;
    this.#traffic = Math.ceil(record.value / 10 ** record.decimals);
  }

  advance(townMs: number): void {
    for (const driver of this.#drivers) driver.advance(townMs);
  }
}

/** The lamp of the programme that is in force, whichever that is by now. */
function actuatorOf(driver: LampDriver, { curve }: StreetLamp, townMs: () => number): Actuator {
  const sense = () => driver.sensesAt(townMs());
  const now = (): Actuator => lampActuator({ lamp: driver.lamp, curve, sense });
  return {
    dangerous: now().dangerous,
    veto: (command) => now().veto(command),
    act: (command) => now().act(command),
    hold: () => now().hold?.(),
    state: () => now().state(),
  };
}

async function readProgramme({
  records,
  pins,
}: ZoneTools): Promise<{ readonly programme: LightingProgramme; readonly body: Uint8Array } | null> {
  const signed = await readSigned(records, pins, LIGHTING_PROGRAMME);
  if (signed === null) return null;
  const { body } = parseZoneDocument(signed.statement);
  const programme = parseLightingProgramme(body);
  return 'code' in programme ? null : { programme, body };
}
