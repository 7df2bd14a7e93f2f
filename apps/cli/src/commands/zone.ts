/** `oppidum zone …`: pieces of the street, each under one set of order keys and one safety envelope. */

import { ed25519Signer } from '@oppidum/crypto/signer';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { parseBase64, toHex } from '@oppidum/formats/bytes';
import { describeDuration } from '@oppidum/formats/order-words';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import type { ZoneDetailJson, ZoneDeviceJson, ZoneJson } from '@oppidum/gateway/api/orders';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, idArgument, openCli, shortId, wholeNumber } from '../cli.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import { addOrderKeyOption } from '../order-keys.ts';
import { type Column, printable } from '../output.ts';
import { actionOf, addSignOptions, carryOut, idBytes, type SignOptions } from '../transactions.ts';
import { createZone, replaceKeys, setDocument, setEnvelope } from './zone-acts.ts';
import { buildCabinets } from './zone-cabinets.ts';
import { buildZoneChanges } from './zone-changes.ts';
import { buildZonePin, keySetFingerprint } from './zone-pin.ts';

const COLUMNS: readonly Column<ZoneJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'domain', text: ({ domain }) => domain },
  { heading: 'devices', text: ({ deviceCount }) => String(deviceCount) },
  { heading: 'key set', text: ({ keys }) => String(keys) },
  { heading: 'envelope', text: ({ envelope }) => String(envelope) },
];
const DEVICE_COLUMNS: readonly Column<ZoneDeviceJson>[] = [
  { heading: 'device', text: ({ device }) => device },
  { heading: 'label', text: ({ label }) => label ?? '' },
  {
    heading: 'challenge',
    text: ({ challengeAgeMs }) => (challengeAgeMs === null ? 'none' : `${Math.round(challengeAgeMs / 1_000)} s old`),
  },
];
const KEY_COUNT_MAX = 16;
const count = (name: string) => wholeNumber(name, 1, KEY_COUNT_MAX);
const hexKeys = (key: string, keys: readonly string[] = []): readonly string[] => [...keys, idArgument('--public-key')(key)];

/** Adds subcommands and their work to the command. */
export function buildZone(command: Command): void {
  const list = addListOptions(command.command('list').description('list zones')).action(
    async (options: ListOptions, self: Command) => printList(openCli(self), '/api/v1/zones', options, COLUMNS),
  );
  addExamples(list, [['all of them', 'zone list --limit 1000']]);
  const show = command
    .command('show')
    .description('show a zone: who orders there, what its envelope says, its documents')
    .argument('<id>', 'id of the zone', idArgument('the id'))
    .option('--devices', 'instead, its devices and how old their challenges are')
    .action(showZone);
  addExamples(show, [['whether its lamps can be ordered now', 'zone show <id> --devices']]);
  buildCabinets(command);
  const key = command
    .command('make-key')
    .description('make an order key where there is none; print its public key')
    .argument('<file>', 'file of the seed, mode 600')
    .action(makeKey);
  addExamples(key, [['for the first engineer', 'zone make-key lamps.seed']]);
  buildChanges(command);
  buildZoneChanges(command);
  buildZonePin(command);
  buildMembers(command);
}

function buildChanges(command: Command): void {
  const keyed = (made: Command): Command => addSignOptions(addOrderKeyOption(made));
  const keySet = (made: Command): Command =>
    keyed(made)
      .option('--public-key <key>', 'a further key of the set, held by somebody else; again for each', hexKeys)
      .option('--threshold <n>', 'keys that must sign an order', count('--threshold'), 1)
      .option(
        '--dangerous-threshold <n>',
        'keys that must sign what is dangerous, and every change here',
        count('--dangerous-threshold'),
      );
  const create = keySet(command.command('create').description('create a zone with its first order keys and its first envelope'))
    .requiredOption('--name <text>', 'its name')
    .requiredOption('--domain <name>', 'what its machines are, e.g. lighting')
    .option(
      '--envelope <file>',
      'its envelope as JSON (docs/orders.md); without one nothing is called safe but what the default says',
    )
    .action(createZone);
  addExamples(create, [
    ['lamps under one key', 'zone create --name "Old town" --domain lighting --order-key lamps.seed --envelope lamps.json'],
    [
      'two must sign what is dangerous',
      'zone create --name Crossing --domain signals --order-key a.seed --order-key b.seed --dangerous-threshold 2 --envelope crossing.json',
    ],
  ]);
  const replace = keySet(
    command.command('replace-keys').description('give a zone the next set of order keys, signed by those in force'),
  )
    .argument('<id>', 'id of the zone', idArgument('the id'))
    .requiredOption(
      '--new-key <file>',
      'file of a key of the next set, which signs the envelope again; again for each',
      (file: string, files: readonly string[] = []) => [...files, file],
    )
    .action(replaceKeys);
  addExamples(replace, [
    [
      'after somebody left',
      'zone replace-keys <id> --order-key a.seed --order-key b.seed --new-key b.seed --new-key c.seed --dangerous-threshold 2',
    ],
  ]);
  const envelope = keyed(command.command('set-envelope').description('give a zone its next envelope'))
    .argument('<id>', 'id of the zone', idArgument('the id'))
    .argument('<file>', 'the envelope as JSON (docs/orders.md)')
    .action(setEnvelope);
  addExamples(envelope, [['see what would be signed', 'zone set-envelope <id> lamps.json --order-key lamps.seed --dry-run']]);
  const document = keyed(
    command.command('set-document').description('give a zone the next version of a document: a matrix, plans, a programme'),
  )
    .argument('<id>', 'id of the zone', idArgument('the id'))
    .argument('<name>', 'name of the document, as its domain knows it')
    .argument('<file>', 'its bytes')
    .action(setDocument);
  addExamples(document, [
    ['new plans, signed by two engineers', 'zone set-document <id> plans plans.cbor --order-key a.seed --order-key b.seed'],
  ]);
}

function buildMembers(command: Command): void {
  const members = (verb: 'add' | 'remove', sentence: string): Command =>
    addSignOptions(command.command(`${verb}-device`).description(sentence))
      .argument('<id>', 'id of the zone', idArgument('the id'))
      .argument('<device...>', 'ids of devices', (device: string, devices: readonly string[] = []) => [
        ...devices,
        idArgument('the device')(device),
      ])
      .action(async (zone: string, devices: readonly string[], options: SignOptions, self: Command) => {
        const ids = [...new Set(devices)].sort().map(idBytes);
        const what = `${ids.length} ${ids.length === 1 ? 'device' : 'devices'}`;
        const said = verb === 'add' ? `Add ${what} to zone ${zone}` : `Remove ${what} from zone ${zone}`;
        const actions = [actionOf(`zone/${verb}-devices`, { zone: idBytes(zone), devices: ids })];
        await carryOut(openCli(self), { sentence: said, isDangerous: false, actions }, options);
      });
  addExamples(members('add', 'put devices under the keys and the envelope of a zone'), [
    ['two lamps', 'zone add-device <id> <device> <device>'],
  ]);
  addExamples(members('remove', 'take devices out of a zone: its keys order them no more'), [
    ['one lamp', 'zone remove-device <id> <device>'],
  ]);
}

async function makeKey(file: string, _options: object, self: Command): Promise<void> {
  const { output, json } = openCli(self);
  const publicKey = toHex(ed25519Signer(await readOrMakeSeed(file)).publicKey);
  if (json) output.json({ publicKey });
  else output.line(publicKey);
}

async function showZone(id: string, { devices }: { readonly devices?: true }, self: Command): Promise<void> {
  const cli = openCli(self);
  if (devices === true) return printList(cli, `/api/v1/zones/${id}/devices`, { limit: 1_000 }, DEVICE_COLUMNS);
  const zone = await new CityCalls(cli.api).get<ZoneDetailJson>(`/api/v1/zones/${id}`);
  if (cli.json) return cli.output.json(zone);
  const { keySet, envelopeInForce: envelope } = zone;
  const gap = cli.plain ? '\t' : '  ';
  cli.output.fields([
    ['zone', zone.id],
    ['name', zone.name],
    ['domain', zone.domain],
    ['devices', `${zone.deviceCount}, of which ${zone.challengedCount} can be ordered here now`],
    ['orders', `${keySet.threshold} of ${keySet.keys.length} keys`],
    ['dangerous ones', `${keySet.dangerousThreshold} of ${keySet.keys.length} keys`],
    ['key set', keySet.version],
    ['fingerprint', keySetFingerprint(parseKeySet(parseBase64(keySet.statement)))],
    ['envelope', envelope.version],
    [
      'longest lifetime',
      `${describeDuration(envelope.lifetimeMsMax)}, dangerous ${describeDuration(envelope.dangerousLifetimeMsMax)}`,
    ],
  ]);
  for (const [i, key] of keySet.keys.entries()) cli.output.line(`order key ${i}${gap}${key}`);
  for (const name of envelope.dangerous) cli.output.line(`dangerous${gap}${printable(name)}`);
  for (const direction of envelope.safe) cli.output.line(`safe${gap}${printable(direction)}`);
  for (const rule of envelope.rules) cli.output.line(`rule${gap}${printable(rule)}`);
  for (const { name, version, digest } of zone.documents)
    cli.output.line(`document${gap}${printable(name)} version ${version}${gap}${shortId(digest)}`);
}
