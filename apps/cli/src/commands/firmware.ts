/** `oppidum firmware permit|withdraw`: which images devices of a model may run, from metadata of The Update Framework. */

import type { Command } from 'commander';
import { addExamples, counted, idArgument, openCli } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { actionOf, addSignOptions, carryOut, idBytes, type SignOptions } from '../transactions.ts';
import { type TufTarget, verifyTargets } from '../tuf.ts';

type PermitOptions = SignOptions & {
  readonly root: readonly string[];
  readonly targets: string;
  readonly target: string;
  readonly imageVersion: string;
};
type WithdrawOptions = SignOptions & { readonly digest: string; readonly reason: string };

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** Adds subcommands and their work to the command. */
export function buildFirmware(command: Command): void {
  const permit = addSignOptions(
    command.command('permit').description('permit an image that TUF metadata names (a full key of the model’s maker)'),
  )
    .argument('<model>', 'id of the model', idArgument('the model'))
    .requiredOption('--root <file>', 'the root you pinned, then each next root, in order; repeatable', collect)
    .requiredOption('--targets <file>', 'the targets metadata that names the image')
    .requiredOption('--target <path>', 'which of its targets')
    .requiredOption('--image-version <text>', 'the version, for people')
    .action(permitImage);
  addExamples(permit, [
    [
      'verify and permit',
      'firmware permit <model> --root root.json --targets targets.json --target lampd.bin --image-version 1.2.0 --key works.seed --account <id>',
    ],
    [
      'verify only',
      'firmware permit <model> --root 1.root.json --root 2.root.json --targets targets.json --target lampd.bin --image-version 1.2.0 --dry-run',
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
  const { rootVersion, targetsVersion, metadata, targets } = verifyTargets(options.root, options.targets, Date.now());
  const { path: name, digest, size } = requireTarget(targets, options);
  const version = options.imageVersion;
  const body = { id: idBytes(model), digest: idBytes(digest), name, version, size, metadata: idBytes(metadata) };
  cli.output.note(
    `Verified: root version ${rootVersion}, targets version ${targetsVersion}, ${counted(targets.length, 'target')}.`,
  );
  const sentence = `Permit devices of model ${model} to run ${name} ${version} (${size} bytes, SHA-256 ${digest})`;
  await carryOut(cli, { sentence, isDangerous: false, actions: [actionOf('model/permit-firmware', body)] }, options);
}

function requireTarget(targets: readonly TufTarget[], { target: wanted, targets: file }: PermitOptions): TufTarget {
  const found = targets.find(({ path }) => path === wanted);
  if (found !== undefined) return found;
  const names = targets.map(({ path }) => path).join(', ');
  throw usageFailure(`${file} names no target ${wanted}`, names === '' ? 'It names none' : `It names ${names}`);
}
