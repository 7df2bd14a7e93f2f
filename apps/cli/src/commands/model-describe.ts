/** `oppidum model describe|description|thing|require-attestation`: what devices of a model can do, and what they have to attest. */

import { parseHex } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { FormatError } from '@oppidum/formats/errors';
import { descriptionFields } from '@oppidum/formats/model-description';
import { type Json, struct } from '@oppidum/formats/schema';
import type { ModelDescriptionJson, ThingDescriptionJson } from '@oppidum/gateway/api/trust';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, counted, idArgument, openCli, readInput } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { actionOf, addSignOptions, carryOut, idBytes, keyOf, type SignOptions } from '../transactions.ts';

const description = struct(descriptionFields);

/** Adds the subcommands. */
export function buildModelDescribe(command: Command): void {
  const describe = addSignOptions(
    command.command('describe').description('say what devices of a model can be asked to do (a full key of its maker)'),
  )
    .argument('<id>', 'id of the model', idArgument('the id'))
    .argument(
      '<file>',
      'JSON: {"commands": [{"name", "parameters": [{"name", "min", "max", "unit"}]}], "sensors": […]}; - for standard input',
    )
    .action(describeModel);
  addExamples(describe, [['from a file', 'model describe <id> lamp.json --key works.seed --account <id>']]);
  const show = command
    .command('description')
    .description('what devices of a model can be asked to do, measure, attest and run')
    .argument('<id>', 'id of the model', idArgument('the id'))
    .action(showDescription);
  addExamples(show, [['one model', 'model description <id>']]);
  const thing = command
    .command('thing')
    .description('the same as a W3C Thing Description, as JSON')
    .argument('<id>', 'id of the model', idArgument('the id'))
    .action(async (id: string, _options: object, self: Command) => {
      const cli = openCli(self);
      const found = await new CityCalls(cli.api).get<ThingDescriptionJson>(`/api/v1/models/${id}/thing-description`);
      if (cli.json) cli.output.json(found);
      else cli.output.line(JSON.stringify(found, null, 2));
    });
  addExamples(thing, [['to a file', 'model thing <id> > lamp.td.json']]);
  buildDemand(command);
}

async function describeModel(id: string, file: string, options: SignOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { commands, sensors } = parseDescription(new TextDecoder().decode(await readInput(file)));
  const sorted = { commands: byName(commands), sensors: byName(sensors) };
  const body = description.encode(sorted) as CborMap;
  const actions = [actionOf('model/describe', { id: idBytes(id), ...(Object.fromEntries(body) as Record<string, CborValue>) })];
  const names = sorted.commands.map(({ name }) => name).join(', ');
  const sentence = `Say that devices of model ${id} obey ${names === '' ? 'nothing' : names} and measure ${counted(sensors.length, 'thing')}`;
  await carryOut(cli, { sentence, isDangerous: false, actions }, options);
}

/** Any order will do in a file; the ledger has one. */
function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function parseDescription(text: string) {
  try {
    const json = JSON.parse(text) as { readonly [name: string]: Json };
    const sorted = Object.fromEntries(
      ['commands', 'sensors'].map((name) => [
        name,
        byName((json[name] ?? []) as unknown as readonly { readonly name: string }[]),
      ]),
    );
    return description.fromJson({ ...json, ...sorted } as unknown as Json, '');
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw usageFailure(
      `This is no description: ${error instanceof Error ? error.message : String(error)}`,
      'See docs/device-trust.md',
    );
  }
}

async function showDescription(id: string, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const { model, commands, sensors, attestation, firmware } = await new CityCalls(cli.api).get<ModelDescriptionJson>(
    `/api/v1/models/${id}/description`,
  );
  if (cli.json) return cli.output.json({ model, commands, sensors, attestation, firmware });
  const rangeOf = ({ name, min, max, unit }: ModelDescriptionJson['commands'][number]['parameters'][number]): string =>
    `${name} from ${min} to ${max}${unit === null ? '' : ` ${unit}`}`;
  cli.output.fields([
    ['model', model],
    ...commands.map(
      ({ name, parameters }) =>
        ['obeys', `${name}${parameters.length === 0 ? '' : `: ${parameters.map(rangeOf).join(', ')}`}`] as const,
    ),
    ...sensors.map(
      ({ name, unit, decimals }) =>
        ['measures', `${name}${unit === null ? '' : ` in ${unit}`}, ${counted(decimals, 'decimal')}`] as const,
    ),
    ['attests', attestation === null ? 'nothing: nobody asks' : describeDemand(attestation)],
    ...firmware.map(
      ({ name, version, digest, to, reason }) =>
        ['may run', `${name} ${version}, ${digest}${to === null ? '' : `: WITHDRAWN at block ${to}, ${reason}`}`] as const,
    ),
  ]);
  if (commands.length + sensors.length === 0)
    cli.output.note('Its maker has not described it: no order can ask its devices for anything.');
}

function describeDemand({ keys, claims }: NonNullable<ModelDescriptionJson['attestation']>): string {
  const by =
    keys.length === 0
      ? 'signed by the device’s own key'
      : `signed by ${keys.length === 1 ? 'its attester' : `one of ${keys.length} attesters`}`;
  return [by, ...Object.entries(claims).map(([name, value]) => `${name} ${value}`)].join(', ');
}

type DemandOptions = SignOptions & { readonly attester?: readonly string[]; readonly claim?: readonly string[] };
const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

function buildDemand(command: Command): void {
  const demand = addSignOptions(
    command
      .command('require-attestation')
      .description('ask devices of a model to attest what they are before they are activated'),
  )
    .argument('<id>', 'id of the model', idArgument('the id'))
    .option('--attester <key>', 'Ed25519 key in hex that signs tokens, repeatable (default: the device’s own key)', collect)
    .option(
      '--claim <name=value>',
      'what has to be claimed, repeatable: oemid, hwmodel (hex), swname, swversion, oemboot (yes, no), dbgstat (0 to 4, at least)',
      collect,
    )
    .action(async (id: string, options: DemandOptions, self: Command) => {
      const { attester = [], claim = [] } = options;
      const keys = attester.map((key) => keyOf(hexOf('--attester', key)));
      const claims = new Map<string, CborValue>(claim.map(claimOf));
      const actions = [actionOf('model/require-attestation', { id: idBytes(id), keys, claims })];
      const asked = claim.length === 0 ? 'that they are themselves' : claim.join(', ');
      await carryOut(
        openCli(self),
        { sentence: `Ask devices of model ${id} to attest ${asked}`, isDangerous: false, actions },
        options,
      );
    });
  addExamples(demand, [
    [
      'as the operator of this data folder',
      'model require-attestation <id> --attester <key> --claim oemboot=yes --claim dbgstat=2',
    ],
  ]);
}

/** One `name=value`, typed as RFC 9711 has it. Throws exit code 2. */
function claimOf(text: string): readonly [string, CborValue] {
  const [, name = '', value = ''] = /^([a-z]+)=(.*)$/.exec(text) ?? [];
  switch (name) {
    case 'oemid':
    case 'hwmodel':
      return [name, hexOf(`--claim ${name}`, value)];
    case 'swname':
    case 'swversion':
      return [name, value];
    case 'oemboot':
      if (value === 'yes' || value === 'no') return [name, value === 'yes'];
      break;
    case 'dbgstat':
      if (/^[0-4]$/.test(value)) return [name, Number(value)];
      break;
  }
  throw usageFailure(`--claim ${text} is none that can be asked for`, 'See `model require-attestation --help`');
}

function hexOf(name: string, text: string): Uint8Array {
  if (!/^([0-9a-f]{2})+$/.test(text)) throw usageFailure(`${name} is written in pairs of digits 0-9 a-f, not ${text}`);
  return parseHex(text);
}
