/** `oppidum doctor`: checks this machine, the data folder and the running city; changes nothing; one action for each trouble. */

import type { Command } from 'commander';
import { addExamples, type Cli, openCli, versionOf } from '../cli.ts';
import type { CheckResult } from '../doctor/check.ts';
import { checkApi, checkCheckpoint, checkClock, checkPorts, checkReadModel } from '../doctor/city-checks.ts';
import { checkEngine, checkValidators, isOfCluster } from '../doctor/cluster-check.ts';
import { checkDisk, checkFolder, checkKeys, checkLock, checkNode, checkPermissions } from '../doctor/folder-checks.ts';
import { checkLastFsck } from '../doctor/fsck-check.ts';
import { checkKeyFile } from '../doctor/key-file-check.ts';
import {
  checkAnchors,
  checkApiKeys,
  checkBackups,
  checkCertificate,
  checkFileLimit,
  checkGrowth,
  checkVersion,
} from '../doctor/operations-checks.ts';
import { checkShards } from '../doctor/shard-check.ts';
import { checkWitnesses } from '../doctor/witness-check.ts';
import { EXIT } from '../failure.ts';
import { printable } from '../output.ts';

const STYLES = { pass: 'green', warn: 'amber', fail: 'red', skip: 'dim' } as const;

/** Adds the work to the command. */
export function buildDoctor(command: Command): void {
  command.action(async (_options: object, self: Command) => {
    const cli = openCli(self);
    const checks = await runChecks(cli);
    printChecks(cli, checks);
    if (checks.some(({ outcome }) => outcome === 'fail')) process.exitCode = EXIT.failed;
  });
  command.addHelpText('after', '\nEnds with 1 when a check failed; warnings do not count. Reads only, shows no secret.');
  addExamples(command, [
    ['before asking somebody', 'doctor'],
    ['another folder, for a program', 'doctor --data other-city --json'],
  ]);
}

async function runChecks({ data, place, api }: Cli): Promise<readonly CheckResult[]> {
  const folder = checkFolder(data);
  const lock = folder.genesis === null ? null : checkLock(data);
  const answer = await checkApi(api, folder.genesis, lock?.isHeld ?? false, isOfCluster(data));
  const nowMs = Date.now();
  return [
    checkNode(),
    checkVersion(answer.city, versionOf()),
    folder.result,
    checkPermissions(data),
    ...(lock === null ? [] : [checkKeys(data), lock.result]),
    checkDisk(data),
    checkKeyFile(),
    checkGrowth(data, folder.foundedMs, nowMs),
    checkBackups(data, folder.foundedMs, nowMs),
    checkLastFsck(data, folder.foundedMs, nowMs),
    answer.result,
    await checkPorts(api, answer.city),
    await checkCheckpoint(api, data, answer.city),
    await checkWitnesses(data),
    checkEngine(data),
    ...(await checkValidators(data, place)),
    checkClock(answer.city),
    checkShards(answer.city),
    checkReadModel(answer.city),
    checkAnchors(answer.city, nowMs),
    checkFileLimit(lock?.isHeld === true ? lock.pid : null),
    checkCertificate(answer.city, nowMs),
    await checkApiKeys(data, lock?.isHeld ?? false, nowMs),
  ];
}

function printChecks({ output, json, plain }: Cli, checks: readonly CheckResult[]): void {
  if (json) {
    output.json({ ok: checks.every(({ outcome }) => outcome !== 'fail'), checks });
    return;
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, outcome, detail, action } of checks) {
    if (plain) output.line([outcome, name, printable(detail), action ?? ''].join('\t'));
    else output.line(`${output.paint(STYLES[outcome], outcome)}  ${name.padEnd(width)}  ${printable(detail)}`);
    if (action !== null && !plain) output.line(`${' '.repeat(width + 8)}→ ${action}.`);
  }
}
