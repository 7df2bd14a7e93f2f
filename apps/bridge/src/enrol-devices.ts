/** Brings the devices of a bridge onto the ledger, as keys of grade `bridge`: from then on every verdict says so. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { NewDevice } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { enrolDevices } from '@oppidum/device/enrol';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, concatBytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { readBridgeKey } from './bridge.ts';
import type { ModelSettings } from './common-settings.ts';

type Enrolment = {
  readonly folder: string;
  readonly api: string;
  readonly policy: Bytes;
  readonly manufacturer: Bytes;
  readonly maker: TransactionSigner;
  readonly model: ModelSettings;
  readonly names: readonly string[];
};

const MODEL_LABEL = encodeUtf8('oppidum/bridge-model/v1\n');

/** Makes keys, registers and activates what is not active yet; the id of each device by its name. Throws as `enrolDevices`. */
export async function enrolBridge(enrolment: Enrolment): Promise<ReadonlyMap<string, string>> {
  const { folder, policy, manufacturer, maker, names } = enrolment;
  const api = new CityApi(enrolment.api);
  try {
    const records = new ProvenRecords(nativeCrypto, policy, api);
    const { name, type, personal = false } = enrolment.model;
    // The same model for the same words, so that a second bridge of this maker finds it.
    const id = nativeCrypto.sha256(concatBytes(MODEL_LABEL, manufacturer, encodeUtf8(JSON.stringify([name, type, personal]))));
    const model = { id, name, deviceType: type, personal, simulated: false };
    const devices: (NewDevice & { readonly label: string })[] = [];
    for (const label of names) {
      const signer = await readBridgeKey(folder, label);
      devices.push({ id: deviceIdOf(nativeCrypto, signer.publicKey), model: id, signer, grade: 'bridge', label });
    }
    await enrolDevices({ api, records, manufacturer, maker, models: [model], devices });
    return new Map(devices.map((device) => [device.label, toHex(device.id)]));
  } finally {
    api.close();
  }
}
