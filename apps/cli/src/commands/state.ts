/** `oppidum state get|diff`: one record with its proof, and the first record in which two data folders differ. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import type { Command } from 'commander';
import { addExamples, type Cli, formatTime, openCli } from '../cli.ts';
import { runEntry } from '../entries.ts';
import { fetchRecords, findPolicy } from '../evidence-files.ts';
import { EXIT, usageFailure } from '../failure.ts';
import { printable } from '../output.ts';
import { kindArgument, segmentArgument } from '../record-arguments.ts';

type Facts = { readonly [name: string]: unknown };

/** Adds subcommands and their work to the command. */
export function buildState(command: Command): void {
  const get = command
    .command('get')
    .description('read records, verified under the policy before they are shown')
    .argument('<kind>', 'a kind of record: city, account, device, deviceKey, shard, policyEffective …', kindArgument)
    .argument(
      '[segments...]',
      'leading parts of the key: 64 hex digits or a number; fewer than all list everything below',
      segmentArgument,
    )
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .action(async (kind: string, segments: readonly string[], options: { readonly policy?: string }, self: Command) => {
      await printRecords(openCli(self), kind, segments, options.policy);
    });
  addExamples(get, [
    ['the city itself', 'state get city'],
    ['all shards', 'state get shard'],
  ]);
  const diff = command
    .command('diff')
    .description('the first record in which two data folders differ, at the newest block both have; exit code 1 when they do')
    .argument('<a>', 'a data folder')
    .argument('<b>', 'another one of the same city')
    .action(async (a: string, b: string, _options: object, self: Command) => {
      await runEntry('state-diff', [a, b, ...(openCli(self).json ? ['--json'] : [])]);
    });
  addExamples(diff, [['is the copy the same city', 'state diff city-data copy-of-city-data']]);
}

async function printRecords(cli: Cli, kind: string, segments: readonly string[], policyFile: string | undefined): Promise<void> {
  const policy = await findPolicy(cli, policyFile === undefined ? {} : { policy: policyFile });
  if (policy === null)
    throw usageFailure('Records are shown only when they verify', 'Name the policy to trust with --policy FILE');
  const file = await fetchRecords(cli, { kind, segments });
  const report = verifyEvidence(nativeCrypto, file, { policy });
  if (cli.json) cli.output.json({ verdict: report.verdict, facts: report.facts });
  if (report.verdict !== 'OK') {
    cli.output.note(`${report.verdict}: ${report.means}. ${report.action}.`);
    process.exitCode = EXIT.unverified;
    return;
  }
  if (cli.json) return;
  const { records, answer, height, timeMs } = report.facts as Facts;
  for (const { key, value } of records as readonly { readonly key: readonly unknown[]; readonly value: unknown }[])
    cli.output.line(
      `${key.join(cli.plain ? '\t' : ' ')}${key.length === 0 ? '' : cli.plain ? '\t' : '  '}${printable(JSON.stringify(value))}`,
    );
  cli.output.note(`Proven: ${answer}, at block ${height}, ${formatTime(Number(timeMs))}.`);
}
