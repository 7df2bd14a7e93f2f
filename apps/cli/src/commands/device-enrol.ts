/** `oppidum device enrol`: a device into the city in one step, by whoever registers and holds its key file. */

import { existsSync, readFileSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { CityApi } from '@oppidum/device/city-api';
import { enrolDevices } from '@oppidum/device/enrol';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { concatBytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import type { Command } from 'commander';
import { addExamples, COMMAND, openCli, policyAtHand, wholeNumber } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { ensureManufacturer, type ImporterOptions, readImporter } from '../replay/importer.ts';

type EnrolOptions = ImporterOptions & {
  readonly type: string;
  readonly name?: string;
  readonly label?: string;
  readonly policy?: string;
};

const MODEL_LABEL = encodeUtf8('oppidum/own-model/v1\n');

/** Adds `device enrol`. */
export function buildEnrol(command: Command): void {
  const enrol = command
    .command('enrol')
    .description('register and activate a device in one step, with manufacturer and model where they are missing')
    .argument('<key-file>', 'file of the seed of the device, made where there is none')
    .requiredOption('--type <type>', 'what it is, e.g. street-light')
    .option('--name <text>', 'name of its model (default: the type)')
    .option('--label <text>', 'a name for people')
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option('--manufacturer <id>', 'who registers it (default: a manufacturer of the operator, made at the first use)')
    .option('--account <id>', 'account of the manufacturer')
    .option('--key <file>', 'seed file of that account')
    .option('--key-number <number>', 'number of that key', wholeNumber('--key-number', 0, 0xffffffff), 0)
    .action(enrolDevice);
  addExamples(enrol, [['as the operator of this data folder', 'device enrol lamp/key.seed --type street-light --label lamp-17']]);
}

async function enrolDevice(keyFile: string, options: EnrolOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { type, name = type, label } = options;
  const policy = options.policy ?? policyAtHand(cli);
  if (policy === undefined) throw usageFailure('No policy file is at hand', 'Name the city’s with --policy FILE');
  const importer = await readImporter(cli.data, options, 'devices');
  const { manufacturer, by } = importer;
  const isNew = !existsSync(keyFile);
  const signer = ed25519Signer(await readOrMakeSeed(keyFile));
  // Also where what follows fails: a name typed wrong is noticed.
  if (isNew) cli.output.note(`A new key was made: ${keyFile}`);
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  // The same model for the same words, so that the next device finds it.
  const modelId = nativeCrypto.sha256(concatBytes(MODEL_LABEL, manufacturer, encodeUtf8(JSON.stringify([name, type]))));
  const api = new CityApi(cli.api);
  try {
    const records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(policy)), api);
    await ensureManufacturer(api, records, importer);
    const models = [{ id: modelId, name, deviceType: type, personal: false, simulated: false }];
    const devices = [{ id, model: modelId, signer, grade: 'device' as const, ...(label === undefined ? {} : { label }) }];
    await enrolDevices({ api, records, manufacturer, maker: by, models, devices });
  } finally {
    api.close();
  }
  if (cli.json)
    cli.output.json({ device: toHex(id), model: toHex(modelId), manufacturer: toHex(manufacturer), status: 'active' });
  else cli.output.line(toHex(id));
  cli.output.note(`It is active: ${COMMAND} device show ${toHex(id)}`);
}
