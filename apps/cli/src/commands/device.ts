/** `oppidum device …`: the devices of the city, and the transactions that change what they may do. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { activateDevice, type Grade, type Registrant, registerDevices } from '@oppidum/device/actions';
import { readOrMakeSeed, readSeed } from '@oppidum/device/key-file';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf, EDDSA } from '@oppidum/formats/ids';
import type { Action } from '@oppidum/formats/transaction';
import type { CityJson, DeviceDetailJson, DeviceJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, COMMAND, formatTime, idArgument, openCli, shortId } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';
import { actionOf, addSignOptions, carryOut, idBytes, type SignOptions } from '../transactions.ts';
import { buildClones } from './device-admin.ts';
import { buildEnrol } from './device-enrol.ts';
import { buildDeviceImport } from './device-import.ts';
import { buildDeviceTrust } from './device-trust.ts';

type Filter = ListOptions & { readonly type?: string; readonly status?: string; readonly model?: string };
type RegisterOptions = SignOptions & {
  readonly model: string;
  readonly deviceKey?: string;
  readonly publicKey?: string;
  readonly grade: Grade;
  readonly label?: string;
};

const GRADES: readonly string[] = ['device', 'bridge', 'imported'] satisfies readonly Grade[];

const STATUSES: readonly string[] = ['registered', 'active', 'suspended', 'revoked'] satisfies readonly DeviceJson['status'][];

const COLUMNS: readonly Column<DeviceJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'label', text: ({ label }) => label ?? '' },
  { heading: 'type', text: ({ deviceType }) => deviceType },
  { heading: 'status', text: ({ status }) => status },
  { heading: 'grade', text: ({ grade }) => grade ?? '' },
  { heading: 'simulated', text: ({ simulated }) => (simulated ? 'yes' : 'no') },
  { heading: 'last reading', text: ({ lastReadingMs }) => (lastReadingMs === null ? 'never' : formatTime(lastReadingMs)) },
];

/** Adds subcommands and their work to the command. */
export function buildDevice(command: Command): void {
  const list = addListOptions(command.command('list').description('list devices'))
    .option('--type <type>', 'of this type, e.g. street-light')
    .option('--status <status>', 'registered, active, suspended or revoked', chooseStatus)
    .option('--model <id>', 'of this model', idArgument('--model'))
    .action(async (options: Filter, self: Command) => {
      const { type, status, model } = options;
      await printList(openCli(self), '/api/v1/devices', options, COLUMNS, { type, status, model });
    });
  addExamples(list, [
    ['all that are active', 'device list --status active --limit 1000'],
    ['for a program', 'device list --json'],
  ]);
  const show = command
    .command('show')
    .description('show one device: keys, suspensions, grade')
    .argument('<id>', 'id of the device', idArgument('the id'))
    .action(showDevice);
  addExamples(show, [['one device', 'device show <id>']]);
  buildEnrol(command);
  buildRegister(command);
  buildDeviceImport(command);
  buildActivate(command);
  buildChange(command, 'suspend', 'set a device aside: its readings are refused until it is resumed');
  buildChange(command, 'resume', 'end the suspension of a device');
  buildChange(command, 'revoke', 'take a device out of service for good');
  buildDeviceTrust(command);
  buildClones(command);
}

function chooseStatus(text: string): string {
  if (STATUSES.includes(text)) return text;
  throw usageFailure(`--status is ${STATUSES.join(', ')}, not ${text}`);
}

async function showDevice(id: string, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const device = await new CityCalls(cli.api).get<DeviceDetailJson>(`/api/v1/devices/${id}`);
  if (cli.json) {
    cli.output.json(device);
    return;
  }
  const untilOf = (to: number | null): string => (to === null ? '' : `, until block ${to}`);
  cli.output.fields([
    ['device', device.id],
    ['label', device.label],
    ['type', `${device.deviceType}, model ${device.modelName} by ${device.manufacturerName}`],
    ['simulated', device.simulated ? 'yes: no machine stands behind its readings' : 'no'],
    ['status', `${device.status}${device.reason === null ? '' : `: ${device.reason}`}`],
    ['since', `block ${device.from}${untilOf(device.to)}`],
    ['readings', device.readingCount],
    ['last reading', device.lastReadingMs === null ? 'never' : formatTime(device.lastReadingMs)],
    ...device.keys.map((key) => {
      const since = key.from === null ? 'not activated' : `from block ${key.from}`;
      return [
        'key',
        `${key.number}: ${key.algorithm}, grade ${key.grade}, ${since}${untilOf(key.to)}, ${key.publicKey}`,
      ] as const;
    }),
    ...device.quarantines.map(
      ({ from, to, cause, reason }) => ['quarantine', `from block ${from}${untilOf(to)}, ${cause}: ${reason}`] as const,
    ),
    ...device.suspensions.map(({ from, to, reason }) => ['suspended', `from block ${from}${untilOf(to)}: ${reason}`] as const),
  ]);
  cli.output.note(`What proves it: ${COMMAND} evidence state device ${device.id}`);
}

function buildRegister(command: Command): void {
  const chooseGrade = (text: string): string => {
    if (GRADES.includes(text)) return text;
    throw usageFailure(`--grade is ${GRADES.join(', ')}, not ${text}`);
  };
  const register = addSignOptions(
    command.command('register').description('register a device (the account of its manufacturer signs)'),
  )
    .requiredOption('--model <id>', 'its model', idArgument('--model'))
    .option('--device-key <file>', 'file of the seed of the device, made where there is none')
    .option('--public-key <hex>', 'its Ed25519 public key, where the private one is elsewhere')
    .option('--grade <grade>', 'who really signs: device, bridge or imported', chooseGrade, 'device')
    .option('--label <text>', 'a name for people')
    .action(registerDevice);
  addExamples(register, [
    ['then activate it', 'device register --model <id> --device-key lamp-7.seed --label lamp-7 --key works.seed --account <id>'],
  ]);
}

async function registerDevice(options: RegisterOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const signer = await registrantKey(options);
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  const { label, grade } = options;
  const model = idBytes(options.model);
  const action = registerDevices(model, [{ id, model, signer, grade, ...(label === undefined ? {} : { label }) }]);
  const sentence = `Register device ${toHex(id)}${label === undefined ? '' : ` (${label})`}, grade ${grade}`;
  const result = await carryOut(cli, { sentence, isDangerous: false, actions: [action] }, options);
  if (result !== null)
    cli.output.note(
      options.deviceKey === undefined
        ? `Now it proves that it holds its key: ${COMMAND} device activate ${toHex(id)} --proof …`
        : `Now activate it: ${COMMAND} device activate ${toHex(id)} --device-key ${options.deviceKey}`,
    );
}

async function registrantKey({ deviceKey, publicKey }: RegisterOptions): Promise<Registrant['signer']> {
  if ((deviceKey === undefined) === (publicKey === undefined)) throw usageFailure('Name --device-key or --public-key');
  if (deviceKey !== undefined) return ed25519Signer(await readOrMakeSeed(deviceKey));
  if (!/^[0-9a-f]{64}$/.test(publicKey as string)) throw usageFailure('--public-key has 64 digits 0-9 a-f');
  return { algorithm: EDDSA, publicKey: parseHex(publicKey as string) };
}

function buildActivate(command: Command): void {
  const activateCommand = addSignOptions(command.command('activate').description('prove that a registered device holds its key'))
    .argument('<id>', 'id of the device', idArgument('the id'))
    .option('--device-key <file>', 'file of the seed of the device')
    .option('--proof <hex>', 'what the device signed to prove it, where its key is elsewhere')
    .action(activate);
  addExamples(activateCommand, [['with the key it was registered with', 'device activate <id> --device-key lamp-7.seed']]);
}

type ActivateOptions = SignOptions & { readonly deviceKey?: string; readonly proof?: string };

async function activate(id: string, options: ActivateOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { deviceKey, proof } = options;
  if ((deviceKey === undefined) === (proof === undefined)) throw usageFailure('Name --device-key or --proof');
  if (proof !== undefined && !/^[0-9a-f]{128}$/.test(proof)) throw usageFailure('--proof has 128 digits 0-9 a-f');
  const action = proof === undefined ? await makeProof(cli, id, deviceKey as string) : proofAction(id, proof);
  await carryOut(cli, { sentence: `Activate device ${shortId(id)}`, isDangerous: false, actions: [action] }, options);
}

function proofAction(id: string, proof: string): Action {
  return actionOf('device/activate', { id: idBytes(id), proof: parseHex(proof) });
}

async function makeProof(cli: Cli, id: string, deviceKey: string): Promise<Action> {
  const city = new CityCalls(cli.api);
  const { registration } = await city.get<DeviceDetailJson>(`/api/v1/devices/${id}`);
  const { genesis } = await city.get<CityJson>('/api/v1/city');
  const signer = ed25519Signer(readSeed(deviceKey));
  return activateDevice(idBytes(genesis), idBytes(registration), { id: idBytes(id), signer });
}

function buildChange(command: Command, verb: 'suspend' | 'resume' | 'revoke', about: string): void {
  const change = addSignOptions(command.command(verb).description(about)).argument(
    '<id>',
    'id of the device',
    idArgument('the id'),
  );
  if (verb !== 'resume') change.requiredOption('--reason <text>', 'why, for everybody to read: name no person');
  change.action(async (id: string, options: SignOptions & { readonly reason?: string }, self: Command) => {
    const cli = openCli(self);
    const action = actionOf(`device/${verb}`, { id: idBytes(id), reason: options.reason });
    const because = options.reason === undefined ? '' : `: ${options.reason}`;
    const sentence = `${verb.charAt(0).toUpperCase()}${verb.slice(1)} device ${id}${because}`;
    await carryOut(cli, { sentence, isDangerous: verb === 'revoke', actions: [action] }, options);
  });
  const reason = verb === 'resume' ? '' : ' --reason "cable cut"';
  addExamples(change, [
    ['as the operator of this data folder', `device ${verb} <id>${reason}`],
    ['see what would be signed', `device ${verb} <id>${reason} --dry-run`],
  ]);
}
