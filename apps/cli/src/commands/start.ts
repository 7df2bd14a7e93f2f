/**
 * `oppidum start` (`npm start`): a city on this machine. The first start founds it; every start runs the services, then the simulated
 * city, says where everything is, and ends them in the opposite order when told to. This process stays small: it loads nothing of them.
 */

import type { Command } from 'commander';
import { addExamples } from '../cli.ts';
import { validatorFolders } from '../cluster-folder.ts';
import { addStartOptions, readStart, type StartOptions } from '../start/start-options.ts';

/** Adds options and the work to the command. */
export function buildStart(command: Command): void {
  addStartOptions(command);
  command.action(async (options: StartOptions, self: Command) => {
    const { cli, place, run } = await readStart(self, options);
    const folders = validatorFolders(place);
    if (folders.length > 0) {
      const { ClusterRun } = await import('../start/cluster-run.ts');
      process.exitCode = await new ClusterRun(cli, { ...run, folders, doors: 'first' }).toEnd();
      return;
    }
    const { CityRun } = await import('../start/city-run.ts');
    process.exitCode = await new CityRun(cli, run).toEnd();
  });
  command.addHelpText(
    'after',
    '\nThe first start makes keys, genesis and city.policy in the data folder; later ones resume. Ctrl-C stops.\nA folder that `cluster init` made is run as `cluster start` runs it.',
  );
  addExamples(command, [
    ['with the simulated city', 'start'],
    ['its day in 24 minutes', 'start --speed 60      # npm start -- --speed 60'],
    ['without it', 'start --no-demo      # npm start -- --no-demo'],
    ['beside another one', 'start --data other-city --port 0 --mqtt-port 0'],
  ]);
}
