/** A machine that measures: the device of the SDK with its outbox, whose signed readings are handed to the city one by one. */

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { CityApi } from '@oppidum/device/city-api';
import { Device } from '@oppidum/device/device';
import { openOutbox } from '@oppidum/device/outbox';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseReceipt } from '@oppidum/formats/receipt';
import type { Machine } from './make-street.ts';

type Place = { readonly folder: string; readonly api: CityApi; readonly records: ProvenRecords };

/** One holder of a device's key; there may be others, each with an outbox that knows nothing of theirs. */
export class Sensor {
  readonly machine: Machine;
  readonly close: () => void;
  readonly #device: Device;
  readonly #api: CityApi;

  private constructor(machine: Machine, device: Device, api: CityApi, close: () => void) {
    this.machine = machine;
    this.#device = device;
    this.#api = api;
    this.close = close;
  }

  static open({ folder, api, records }: Place, machine: Machine): Sensor {
    const home = join(folder, `sensor-${randomBytes(8).toString('hex')}`);
    mkdirSync(home, { mode: 0o700 });
    const outbox = openOutbox({ path: join(home, 'outbox.sqlite'), crypto: nativeCrypto, audience: records.audience });
    const { id, signer } = machine;
    const device = new Device({ crypto: nativeCrypto, id, keyNumber: 0, signer, outbox, issuers: { issuerOf: () => null } });
    return new Sensor(machine, device, api, () => outbox.close());
  }

  get id(): Bytes {
    return this.machine.id;
  }

  /** Signs this as its next reading and hands it over: its id, and the code unless it is kept. */
  async say(records: readonly SensorRecord[]): Promise<{ readonly id: Bytes; readonly code: string | null }> {
    const { sequence, digest: id } = await this.#device.report(records);
    const [unsent] = this.#device.unsent(sequence - 1, 1);
    if (unsent === undefined) throw new Error('a reading is in the outbox before it is sent');
    const [answer] = await this.#api.sendReadings([unsent.envelope]);
    if (answer?.receipt === undefined) return { id, code: answer?.code ?? 'CITY_UNREACHABLE' };
    return { id, code: parseReceipt(answer.receipt).leaf.refusal ?? null };
  }

  /** The same for what must be kept: its id. Throws the refusal. */
  async keep(records: readonly SensorRecord[]): Promise<Bytes> {
    const { id, code } = await this.say(records);
    if (code !== null) throw new Error(`a true reading was refused: ${code}`);
    return id;
  }
}
