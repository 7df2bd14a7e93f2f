/** `oppidum device enrol`: a device into the city in one step, by whoever registers and holds its key file. */

import { existsSync, readFileSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Model } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { enrolDevices } from '@oppidum/device/enrol';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, concatBytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import { modelKind } from '@oppidum/formats/state-devices';
import type { Command } from 'commander';
import {
  addExamples,
  type Cli,
  COMMAND,
  idArgument,
  noPolicyAtHand,
  openCli,
  placeOptions,
  policyAtHand,
  wholeNumber,
} from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { ensureManufacturer, type Importer, type ImporterOptions, readImporter } from '../replay/importer.ts';

type EnrolOptions = ImporterOptions & {
  readonly type?: string;
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
    .option('--type <type>', 'what it is, e.g. street-light: of a model of the operator, made where there is none')
    .option('--name <text>', 'name of that model (default: the type)')
    .option('--model <id>', 'a model that is on the ledger, instead of --type', idArgument('--model'))
    .option('--label <text>', 'a name for people')
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option('--manufacturer <id>', 'who registers it (default: that of --model, else one of the operator, made at the first use)')
    .option('--account <id>', 'account of the manufacturer')
    .option('--key <file>', 'seed file of that account')
    .option('--key-number <number>', 'number of that key', wholeNumber('--key-number', 0, 0xffffffff), 0)
    .action(enrolDevice);
  addExamples(enrol, [
    ['as the operator of this data folder', 'device enrol lamp/key.seed --type street-light --label lamp-17'],
    ['of a model that is there', 'device enrol lamp/key.seed --model <id> --label lamp-17 --account <id> --key works.seed'],
  ]);
}

async function enrolDevice(keyFile: string, options: EnrolOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { label } = options;
  const policy = options.policy ?? policyAtHand(cli);
  if (policy === undefined) throw noPolicyAtHand();
  const api = new CityApi(cli.api);
  try {
    const records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(policy)), api);
    const { importer, model, models } = await chooseModel(cli, options, records);
    const { manufacturer, by } = importer;
    const isNew = !existsSync(keyFile);
    const signer = ed25519Signer(await readOrMakeSeed(keyFile));
    // Also where what follows fails: a name typed wrong is noticed.
    if (isNew) cli.output.note(`A new key was made: ${keyFile}`);
    const id = deviceIdOf(nativeCrypto, signer.publicKey);
    await ensureManufacturer(api, records, importer);
    const devices = [{ id, model, signer, grade: 'device' as const, ...(label === undefined ? {} : { label }) }];
    await enrolDevices({ api, records, manufacturer, maker: by, models, devices });
    if (cli.json)
      cli.output.json({ device: toHex(id), model: toHex(model), manufacturer: toHex(manufacturer), status: 'active' });
    else cli.output.line(toHex(id));
    cli.output.note(`It is active: ${COMMAND} device show ${toHex(id)}${placeOptions(cli)}`);
  } finally {
    api.close();
  }
}

/** `models`: what is made where the ledger has it not. */
type ChosenModel = { readonly importer: Importer; readonly model: Bytes; readonly models: readonly Model[] };

/** The model that is named, as proven, or the operator's own of these words. Throws exit code 2, MODEL_UNKNOWN. */
async function chooseModel(cli: Cli, options: EnrolOptions, records: ProvenRecords): Promise<ChosenModel> {
  const { type, name = type } = options;
  if ((type === undefined) === (options.model === undefined)) throw usageFailure('Name --type or --model');
  if (options.model !== undefined) {
    const model = parseHex(options.model);
    const record = await records.read(modelKind, [model]);
    if (record === null) throw formatError('MODEL_UNKNOWN', { model: options.model });
    const { manufacturer } = record;
    // Without a key the operator signs: the ledger says whether this maker is theirs.
    const isOwn = options.account === undefined && options.key === undefined;
    const who = isOwn ? { keyNumber: options.keyNumber } : { ...options, manufacturer: toHex(manufacturer) };
    const importer = await readImporter(cli.data, who, 'devices');
    return { importer: { ...importer, manufacturer, ownName: null }, model, models: [] };
  }
  const importer = await readImporter(cli.data, options, 'devices');
  // The same model for the same words, so that the next device finds it.
  const words = encodeUtf8(JSON.stringify([name, type]));
  const model = nativeCrypto.sha256(concatBytes(MODEL_LABEL, importer.manufacturer, words));
  const made = { id: model, name: name as string, deviceType: type as string, personal: false, simulated: false };
  return { importer, model, models: [made] };
}
