/** `oppidum firmware permit|withdraw`: which images devices of a model may run, from metadata of The Update Framework. */

import { join } from 'node:path';
import { writeFileDurably } from '@oppidum/device/durable-file';
import type { Command } from 'commander';
import { addExamples, idArgument, openCli } from '../cli.ts';
import { actionOf, addSignOptions, carryOut, idBytes, type SignOptions } from '../transactions.ts';
import { verifyTarget } from '../tuf.ts';

type PermitOptions = SignOptions & {
  readonly trusted: string;
  readonly repository: string;
  readonly target: string;
  readonly imageVersion: string;
};
type WithdrawOptions = SignOptions & { readonly digest: string; readonly reason: string };

/** Adds subcommands and their work to the command. */
export function buildFirmware(command: Command): void {
  const permit = addSignOptions(
    command.command('permit').description('permit an image that TUF metadata names (a full key of the model’s maker)'),
  )
    .argument('<model>', 'id of the model', idArgument('the model'))
    .requiredOption('--trusted <folder>', 'holds root.json, the root you pinned; what was verified last is kept there')
    .requiredOption(
      '--repository <folder>',
      'the maker’s TUF metadata: timestamp, snapshot, targets, delegated roles, next roots',
    )
    .requiredOption('--target <path>', 'which of its targets')
    .requiredOption('--image-version <text>', 'the version, for people')
    .action(permitImage);
  addExamples(permit, [
    [
      'verify and permit',
      'firmware permit <model> --trusted works/ --repository mirror/metadata --target lampd.bin --image-version 1.2.0 --key works.seed --account <id>',
    ],
    [
      'verify only',
      'firmware permit <model> --trusted works/ --repository mirror/metadata --target lampd.bin --image-version 1.2.0 --dry-run',
    ],
  ]);
  const withdraw = addSignOptions(
    command.command('withdraw').description('withdraw an image for good: devices that run it count no more'),
  )
    .argument('<model>', 'id of the model', idArgument('the model'))
    .requiredOption('--digest <hex>', 'SHA-256 of the image; `model description` lists them', idArgument('--digest'))
    .requiredOption('--reason <text>', 'why, for everybody to read: name no person')
    .action(async (model: string, options: WithdrawOptions, self: Command) => {
      const { digest, reason } = options;
      const actions = [actionOf('model/withdraw-firmware', { id: idBytes(model), digest: idBytes(digest), reason })];
      const sentence = `Withdraw the image ${digest} of model ${model}: ${reason}`;
      await carryOut(openCli(self), { sentence, isDangerous: true, actions }, options);
    });
  addExamples(withdraw, [['as the operator of this data folder', 'firmware withdraw <model> --digest <hex> --reason "hangs"']]);
}

async function permitImage(model: string, options: PermitOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { trusted, repository, target, imageVersion: version } = options;
  const verified = verifyTarget({ trusted, repository, target, nowMs: Date.now() });
  for (const [name, bytes] of Object.entries(verified.kept)) await writeFileDurably(join(trusted, name), bytes);
  const { path: name, digest, size, role, metadata, versions } = verified;
  const said = Object.entries(versions).map(([each, number]) => `${each} ${number}`);
  cli.output.note(`Verified: ${name} of ${size} bytes, named by ${role}; versions: ${said.join(', ')}.`);
  const body = { id: idBytes(model), digest: idBytes(digest), name, version, size, metadata: idBytes(metadata) };
  const sentence = `Permit devices of model ${model} to run ${name} ${version} (${size} bytes, SHA-256 ${digest})`;
  await carryOut(cli, { sentence, isDangerous: false, actions: [actionOf('model/permit-firmware', body)] }, options);
}
