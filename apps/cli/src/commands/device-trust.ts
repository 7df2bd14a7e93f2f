/** `oppidum device trust|quarantine|release|vouch|transfer|attest|report-firmware|mark|appeal`: how far a device is believed. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { reportFirmware } from '@oppidum/device/actions';
import { readSeed } from '@oppidum/device/key-file';
import { formatError } from '@oppidum/formats/errors';
import { reportNumberAfter } from '@oppidum/formats/firmware-report';
import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import type { CityJson, DeviceDetailJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, COMMAND, formatTime, idArgument, openCli, readInput, shortId, wholeNumber } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { accountIfSaid, actionOf, addSignOptions, carryOut, idBytes, type SignOptions } from '../transactions.ts';

/** Why a device does not count, in words. */
const BECAUSE: Readonly<Record<NonNullable<DeviceTrustJson['because']>, string>> = {
  unknown: 'nobody registered it',
  revoked: 'it, its model or its maker is revoked',
  inactive: 'it is not active: not activated yet, or suspended',
  quarantined: 'it is in quarantine',
  firmware: 'it runs an image that its model does not permit',
  reputation: 'auditors found too much: its score is below the threshold',
};

const PENALTY_MAX = 1_000;

/** Adds the subcommands. */
export function buildDeviceTrust(command: Command): void {
  const trust = command
    .command('trust')
    .description('whether what a device measures counts, whose it is, what it runs, what auditors found')
    .argument('<id>', 'id of the device', idArgument('the id'))
    .action(showTrust);
  addExamples(trust, [['one device', 'device trust <id>']]);
  buildStanding(command);
  buildOwnership(command);
  buildReports(command);
  buildMarks(command);
}

async function showTrust(id: string, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const trust = await trustOf(cli, id);
  if (cli.json) return cli.output.json(trust);
  const { links, quarantines, firmware, attestation, cases } = trust;
  const spanOf = (to: number | null): string => (to === null ? 'on' : `until block ${to}`);
  cli.output.fields([
    ['device', trust.device],
    ['counts', trust.because === null ? 'yes: interlocks may count what it measures' : `no: ${BECAUSE[trust.because]}`],
    ['owner', `${trust.owner}${links.length === 0 ? ' (its maker: nobody vouched for it yet)' : ''}`],
    ...links.map(
      ({ number, seller, owner, from }) =>
        ['link', `${number}: ${shortId(seller)} to ${shortId(owner)} at block ${from}`] as const,
    ),
    ...quarantines.map(
      ({ from, to, cause, reason }) => ['quarantine', `from block ${from} ${spanOf(to)}, ${cause}: ${reason}`] as const,
    ),
    ['firmware', firmware === null ? 'never reported' : describeRunning(firmware)],
    ['attested', describeAttested(attestation)],
    ['challenge', `${attestation.challenge} (the nonce of its next token)`],
    ['score', `${trust.score} of 1000; it counts from ${trust.threshold} on`],
    ...cases.map((one) => ['case', describeCase(one)] as const),
  ]);
  cli.output.note(`What proves it: ${COMMAND} evidence state voucherLink ${id}, … deviceTrust ${id}, … auditCase ${id}`);
}

function describeRunning({ digest, version, isPermitted, from }: NonNullable<DeviceTrustJson['firmware']>): string {
  const standing = isPermitted ? 'permitted' : version === null ? 'NOT PERMITTED' : 'WITHDRAWN';
  return `${version ?? 'unknown image'} (${shortId(digest)}), ${standing}, reported at block ${from}`;
}

function describeAttested({ newest, isAsked }: DeviceTrustJson['attestation']): string {
  if (newest === null) return isAsked ? 'not yet; its model is asked to' : 'never; nobody asks its model';
  return `at block ${newest.at}, signed by ${newest.by === 'device' ? 'its own key' : 'an attester'}`;
}

function describeCase({ evidence, marks, counted, appeal, outcome }: DeviceTrustJson['cases'][number]): string {
  const weight =
    counted === null
      ? `${marks.length === 1 ? '1 mark' : `${marks.length} marks`}, not enough to count`
      : `took ${counted.penalty} points on ${formatTime(counted.atMs)}`;
  const appealed =
    outcome === null ? (appeal === null ? '' : ', appealed') : `, appeal decided: ${outcome.outcome}, ${outcome.reason}`;
  return `${evidence}: ${weight}${appealed}; ${marks.map(({ reason }) => reason).join('; ')}`;
}

function trustOf(cli: Cli, id: string): Promise<DeviceTrustJson> {
  return new CityCalls(cli.api).get<DeviceTrustJson>(`/api/v1/devices/${id}/trust`);
}

function signing(command: Command, name: string, description: string): Command {
  return addSignOptions(command.command(name).description(description)).argument(
    '<id>',
    'id of the device',
    idArgument('the id'),
  );
}

const WHY = ['--reason <text>', 'why, for everybody to read: name no person'] as const;
type Because = SignOptions & { readonly reason: string };

function buildStanding(command: Command): void {
  const quarantine = signing(command, 'quarantine', 'set a device apart: what it says is kept and marked, nothing acts on it')
    .requiredOption(...WHY)
    .action(async (id: string, options: Because, self: Command) => {
      const actions = [actionOf('device/quarantine', { id: idBytes(id), reason: options.reason })];
      const sentence = `Put device ${id} into quarantine: ${options.reason}`;
      await carryOut(openCli(self), { sentence, isDangerous: false, actions }, options);
    });
  addExamples(quarantine, [['as the operator of this data folder', 'device quarantine <id> --reason "drifts"']]);
  const release = signing(command, 'release', 'end the quarantine of a device (a full key of the operator)').action(
    async (id: string, options: SignOptions, self: Command) => {
      const actions = [actionOf('device/release', { id: idBytes(id) })];
      await carryOut(openCli(self), { sentence: `Release device ${id} from quarantine`, isDangerous: false, actions }, options);
    },
  );
  addExamples(release, [['when it is mended', 'device release <id>']]);
}

type OwnerOptions = SignOptions & { readonly owner: string; readonly link?: number };

function buildOwnership(command: Command): void {
  const vouch = signing(command, 'vouch', 'hand a device over to its first owner (a full key of its maker)')
    .requiredOption('--owner <account>', 'the account that owns it from then on', idArgument('--owner'))
    .action(vouchDevice);
  addExamples(vouch, [['by its maker', 'device vouch <id> --owner <account> --key works.seed --account <id>']]);
  const transfer = signing(command, 'transfer', 'sell a device on (a full key of its owner); each link is extended once')
    .requiredOption('--owner <account>', 'the account that owns it from then on', idArgument('--owner'))
    .option('--link <n>', 'the link to extend (default: the newest)', wholeNumber('--link', 0, 0xffffffff))
    .action(transferDevice);
  addExamples(transfer, [
    ['by its owner', 'device transfer <id> --owner <account> --key lighting.seed --account <id>'],
    ['see whose it is first', 'device trust <id>'],
  ]);
}

async function vouchDevice(id: string, options: OwnerOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { links, owner: maker } = await trustOf(cli, id);
  if (links.length > 0) throw formatError('VOUCHER_SPENT', { linkCount: links.length });
  assertSigner(cli, maker, options);
  const actions = [actionOf('device/vouch', { id: idBytes(id), owner: idBytes(options.owner) })];
  const sentence = `Hand device ${id} over to ${options.owner}${await leavingOf(cli, id)}`;
  await carryOut(cli, { sentence, isDangerous: true, actions }, options);
}

/** Nobody is asked for a yes to what the ledger would refuse. Throws NOT_AUTHORIZED. */
function assertSigner(cli: Cli, owner: string, options: OwnerOptions): void {
  const signer = accountIfSaid(cli, options);
  if (signer !== null && signer !== owner) throw formatError('NOT_AUTHORIZED', { needs: `account ${owner}` });
}

/** What a device loses with its owner, for the sentence of a sale. */
async function leavingOf(cli: Cli, id: string): Promise<string> {
  const { zone } = await new CityCalls(cli.api).get<DeviceDetailJson>(`/api/v1/devices/${id}`);
  return zone === null ? '' : `; it leaves its zone ${zone}, whose keys order it no more`;
}

async function transferDevice(id: string, options: OwnerOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { links, owner: seller } = await trustOf(cli, id);
  assertSigner(cli, seller, options);
  const link = options.link ?? links.at(-1)?.number ?? 0;
  const actions = [actionOf('device/transfer', { id: idBytes(id), link, owner: idBytes(options.owner) })];
  const sentence = `Hand device ${id} over to ${options.owner}, after link ${link}${await leavingOf(cli, id)}`;
  await carryOut(cli, { sentence, isDangerous: true, actions }, options);
}

type ReportOptions = SignOptions & { readonly image?: string; readonly digest?: string; readonly deviceKey: string };

function buildReports(command: Command): void {
  const attest = signing(command, 'attest', 'hand in what a device, or the chip in it, attests: a token of RFC 9711')
    .requiredOption('--token <file>', 'the token; its nonce is the challenge of `device trust`; - for standard input')
    .action(async (id: string, options: SignOptions & { readonly token: string }, self: Command) => {
      const token = new Uint8Array(await readInput(options.token));
      const actions = [actionOf('device/attest', { id: idBytes(id), token })];
      const sentence = `Hand in what device ${id} attests (${token.length} bytes)`;
      await carryOut(openCli(self), { sentence, isDangerous: false, actions }, options);
    });
  addExamples(attest, [['from a file', 'device attest <id> --token lamp-7.cwt']]);
  const report = signing(command, 'report-firmware', 'say which image a device runs, signed by its key')
    .requiredOption('--device-key <file>', 'file of the seed of the device')
    .option('--image <file>', 'the image that it runs')
    .option('--digest <hex>', 'its SHA-256, where the file is elsewhere', idArgument('--digest'))
    .action(reportRunning);
  addExamples(report, [['what it runs now', 'device report-firmware <id> --image lampd-1.2.bin --device-key lamp-7.seed']]);
}

async function reportRunning(id: string, options: ReportOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { image, digest: given } = options;
  if ((image === undefined) === (given === undefined)) throw usageFailure('Name --image or --digest');
  const digest =
    given ??
    createHash('sha256')
      .update(readBytes(image as string))
      .digest('hex');
  const city = new CityCalls(cli.api);
  const { genesis } = await city.get<CityJson>('/api/v1/city');
  const { keyNumber } = await city.get<DeviceDetailJson>(`/api/v1/devices/${id}`);
  const counter = reportNumberAfter((await trustOf(cli, id)).lastReport);
  const report = { id: idBytes(id), keyNumber: keyNumber ?? 0, counter, digest: idBytes(digest) };
  const action = reportFirmware(idBytes(genesis), report, ed25519Signer(readSeed(options.deviceKey)));
  const sentence = `Report that device ${id} runs ${digest}`;
  const result = await carryOut(cli, { sentence, isDangerous: false, actions: [action] }, options);
  if (result === null) return;
  const { because } = await trustOf(cli, id);
  if (because !== null) cli.output.note(`It does not count: ${BECAUSE[because]}.`);
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch {
    throw usageFailure(`${path} cannot be read`);
  }
}

type MarkOptions = Because & { readonly evidence: string; readonly penalty: number };

function buildMarks(command: Command): void {
  const evidence = ['--evidence <file>', 'what shows it; the ledger keeps its SHA-256 only: keep the file'] as const;
  const mark = signing(command, 'mark', 'mark a device for what was found of it (an auditor); it counts once enough auditors do')
    .requiredOption(...evidence)
    .requiredOption('--penalty <points>', 'points of 1000 to take, at most', wholeNumber('--penalty', 1, PENALTY_MAX))
    .requiredOption(...WHY)
    .action(async (id: string, options: MarkOptions, self: Command) => {
      const { penalty, reason } = options;
      const actions = [actionOf('device/mark', { id: idBytes(id), evidence: digestOf(options.evidence), penalty, reason })];
      const sentence = `Mark device ${id} down by ${penalty} points: ${reason}`;
      await carryOut(openCli(self), { sentence, isDangerous: false, actions }, options);
    });
  addExamples(mark, [
    ['by an auditor', 'device mark <id> --evidence photo.jpg --penalty 300 --reason "20 % lower" --key a.seed --account <id>'],
  ]);
  const appeal = signing(command, 'appeal', 'object to a mark of a device (its owner); the council decides')
    .requiredOption('--case <digest>', 'digest of the evidence; `device trust` lists the cases', idArgument('--case'))
    .requiredOption(...WHY)
    .action(async (id: string, options: Because & { readonly case: string }, self: Command) => {
      const { reason } = options;
      const actions = [actionOf('device/appeal', { id: idBytes(id), evidence: idBytes(options.case), reason })];
      await carryOut(
        openCli(self),
        { sentence: `Appeal against a mark of device ${id}: ${reason}`, isDangerous: false, actions },
        options,
      );
    });
  addExamples(appeal, [
    ['by its owner', 'device appeal <id> --case <digest> --reason "the sun shone into it"'],
    ['the council then decides', 'proposal create appeal.json --body <id>   # [{"kind": "device/decide-appeal", "body": {…}}]'],
  ]);
}

/** SHA-256 of a file. */
function digestOf(path: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(readBytes(path)).digest());
}
