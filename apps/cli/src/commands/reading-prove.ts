/**
 * `oppidum reading prove`: every reading of a device key in a span, each proven, and whether one is left out; from the city or, offline,
 * from a file that it gave before.
 */

import { writeFileSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { parseCompleteRange } from '@oppidum/formats/complete-range';
import { formatError } from '@oppidum/formats/errors';
import { verifyCompleteRange } from '@oppidum/proofs/verify-complete-range';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, idArgument, openCli, readInput, wholeNumber } from '../cli.ts';
import { findPolicy } from '../evidence-files.ts';
import { EXIT, usageFailure } from '../failure.ts';
import { timeOption } from '../lists.ts';
import { isProvenComplete, printRange } from '../range-report.ts';

type ProveOptions = {
  readonly file?: string;
  readonly device?: string;
  readonly key: number;
  readonly from?: number;
  readonly to?: number;
  readonly out?: string;
  readonly policy?: string;
};

const RANGE_TYPE = 'application/vnd.oppidum.readings+cbor';

/** Adds the command. */
export function addReadingProve(command: Command): void {
  const prove = command
    .command('prove')
    .description('prove every reading of a device in a span, and whether one is left out')
    .option('--device <id>', 'of this device', idArgument('--device'))
    .option('--key <number>', 'and this key of it', wholeNumber('--key', 0, 0xffffffff), 0)
    .option('--from <time>', 'signed at this time or later (RFC 3339)', timeOption)
    .option('--to <time>', 'signed before this time (RFC 3339)', timeOption)
    .option('--out <file>', 'keep what proves it in this file')
    .option('--file <file>', 'check this file, offline, instead of asking a city; - for standard input')
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .action(async (options: ProveOptions, self: Command) => proveReadings(openCli(self), options));
  prove.addHelpText(
    'after',
    '\nEnds with 0 only where all is proven and nothing is left out; with 3 where a number is missing or an end is open.',
  );
  addExamples(prove, [
    [
      'an hour of one device',
      'reading prove --device <id> --from 2026-11-25T10:00:00Z --to 2026-11-25T11:00:00Z --out hour.readings',
    ],
    ['the same again, without a city', 'reading prove --file hour.readings --policy city.policy'],
  ]);
}

async function proveReadings(cli: Cli, options: ProveOptions): Promise<void> {
  const policy = await findPolicy(cli, options);
  if (policy === null) throw usageFailure('No policy file was found', 'Name the city.policy that you trust with --policy FILE');
  const file = options.file === undefined ? await fetchRange(cli, options) : await readInput(options.file);
  const found = verifyCompleteRange(nativeCrypto, file, { policy });
  if (options.out !== undefined && found.range !== null) writeFileSync(options.out, file);
  if (cli.json) cli.output.json({ ...found.report, range: found.range });
  else printRange(cli, found);
  process.exitCode = isProvenComplete(found) ? EXIT.ok : EXIT.unverified;
}

/** Throws EVIDENCE_REFUSED where the city answers about something else. */
async function fetchRange(cli: Cli, { device, key, from, to }: ProveOptions): Promise<Uint8Array> {
  if (device === undefined || from === undefined || to === undefined)
    throw usageFailure('A span of a device is needed', 'Name --device, --from and --to, or a file with --file');
  const file = await new CityCalls(cli.api).bytes('/api/v1/evidence/readings', RANGE_TYPE, { device, key, from, to });
  const shown = parseCompleteRange(file);
  const isAnswer = toHex(shown.device) === device && shown.keyNumber === key && shown.fromMs === from && shown.toMs === to;
  if (!isAnswer) throw formatError('EVIDENCE_REFUSED', { want: 'evidence of what was asked' });
  return file;
}
