/** `oppidum erase`: destroys what a device about a person sent until now, through the admin door of the running city. */

import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEGAL_BASES } from '@oppidum/formats/action-bodies';
import { formatError } from '@oppidum/formats/errors';
import type { DeviceDetailJson, ErasureJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { callAdmin } from '../admin-calls.ts';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, formatTime, idArgument, openCli } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { confirm } from '../transactions.ts';

type EraseOptions = { readonly legalBasis: string; readonly reason: string; readonly yes?: true; readonly dryRun?: true };

/** What an erasure does, for whoever is asked for a yes. */
const DESTROYED =
  'the key under which every reading of this device until now is stored: its values, names and times can be read by nobody any more, nor from a copy of the vault without that key';
const KEPT =
  'the digests of these readings in the log of the shard (so every other proof holds), the device and its keys on the ledger, and for ever a record that something was erased: when, how many entries, and the basis, naming no device';

const REASON_SIZE_MAX = 500;
const SECRET_MODE = 0o600;

/** Adds the work to the command. */
export function buildErase(command: Command): void {
  const bases: readonly string[] = LEGAL_BASES;
  const chooseBasis = (text: string): string => {
    if (bases.includes(text)) return text;
    throw usageFailure(`--legal-basis is ${bases.join(', ')}, not ${text}`);
  };
  command
    .description('destroy what a device of a personal model sent until now (on the machine of the city, as its user)')
    .argument('<device>', 'id of the device', idArgument('the id'))
    .requiredOption(
      '--legal-basis <basis>',
      `why it is owed, on the ledger for everybody to read: ${bases.join(', ')}`,
      chooseBasis,
    )
    .requiredOption('--reason <text>', 'for your own register in the data folder, never on the ledger', checkReason)
    .option('--dry-run', 'say what would be destroyed; destroy nothing')
    .option('-y, --yes', 'do not ask, although it cannot be undone')
    .action(eraseDevice);
  command.addHelpText(
    'after',
    `\nDestroyed: ${DESTROYED}.\nStays: ${KEPT}.\n\nThe reason stays on this machine, in erasure-register.ndjson of the data folder, without the device; it is in no backup and may be\ndeleted by line. Exports of keys (\`backup keys\`) made before would bring the readings back: they are named, replace and destroy them.\nWhere the ledger refuses the record, it is erased all the same, and recorded at the next start. Evidence verifies to ERASED.`,
  );
  addExamples(command, [
    ['what would be destroyed', 'erase <device> --legal-basis request --reason "letter of 12 March" --dry-run'],
    ['a person withdrew consent', 'erase <device> --legal-basis consent-withdrawn --reason "case 2031/77"'],
  ]);
}

function checkReason(text: string): string {
  if (text.trim() !== '' && text.length <= REASON_SIZE_MAX && !/\p{Cc}/u.test(text)) return text;
  throw usageFailure(`--reason is a line of 1 to ${REASON_SIZE_MAX} characters`);
}

async function eraseDevice(device: string, { legalBasis, reason, ...options }: EraseOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  cli.output.note(`Destroyed: ${DESTROYED}.`);
  cli.output.note(`Stays: ${KEPT}.`);
  if (options.dryRun === true) return tellWhat(cli, device);
  await confirm(cli, { sentence: `Erase what device ${device} sent until now (${legalBasis})`, isDangerous: true }, options);
  const { erasures, missed } = await callAdmin<ErasureJson>(cli, '/erase', { device, legalBasis });
  writeRegister(cli.data, { timeMs: Date.now(), legalBasis, reason, erasures });
  if (cli.json) cli.output.json({ erasures, missed });
  else
    for (const { shard, id, count } of erasures)
      cli.output.fields([
        ['erased', `${count} reading${count === 1 ? '' : 's'}`],
        ['shard', shard],
        ['erasure', id],
      ]);
  for (const { file, createdMs } of exportsOfKeys(cli.data))
    cli.output.note(
      `${file}, of ${formatTime(createdMs)}, still has the key: make a new \`backup keys\`, and destroy this one and its copies.`,
    );
  const [first] = missed;
  if (first !== undefined)
    throw formatError('ERASURE_INCOMPLETE', { shard: missed.map(({ shard }) => shard).join(' '), reason: first.code });
}

/** As far as the lists know: what came within the last moments may be missing there, and is erased along. */
async function tellWhat({ api, json, output }: Cli, device: string): Promise<void> {
  const found = await new CityCalls(api).get<DeviceDetailJson>(`/api/v1/devices/${device}`);
  const { personal, readingCount, lastReadingMs } = found;
  if (json) output.json({ dryRun: true, device, personal, readingCount, lastReadingMs });
  else
    output.fields([
      ['would erase', personal ? `${readingCount} readings` : 'nothing: the model of this device is not about people'],
      ['newest', lastReadingMs === null ? 'none' : formatTime(lastReadingMs)],
    ]);
  output.note('Dry run: nothing was destroyed.');
}

/** One line of JSON an erasure, durable; names no device and no person unless the reason does. */
function writeRegister(data: string, entry: object): void {
  // DURABLE: erasure register
  withFile(join(data, 'erasure-register.ndjson'), 'a', (file) => {
    appendFileSync(file, `${JSON.stringify(entry)}\n`);
    fsyncSync(file);
  });
  // Its name, the first time; Windows cannot open folders, and NTFS journals names itself.
  if (process.platform !== 'win32') withFile(data, 'r', fsyncSync);
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags, SECRET_MODE);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

type BackupNote = { readonly kind: string; readonly file: string; readonly createdMs: number };

/** Exports of keys that were made on this machine. */
function exportsOfKeys(data: string): readonly BackupNote[] {
  try {
    const notes = JSON.parse(readFileSync(join(data, 'backups.json'), 'utf8')) as readonly BackupNote[];
    return notes.filter(({ kind }) => kind === 'keys');
  } catch {
    return [];
  }
}
