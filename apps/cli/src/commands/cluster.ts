/** `oppidum cluster init|start|grow|install-engine`: a city that several validators agree on, all of them on this machine. */

import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { API_DEFAULT, addExamples, COMMAND, openCli, placeOptions, wholeNumber } from '../cli.ts';
import { ownValidators, validatorFolders } from '../cluster-folder.ts';
import { ENGINE_VERSION } from '../engine.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { installEngine } from '../install-engine.ts';
import { runToEnd } from '../start/children.ts';
import { ClusterRun, type Doors } from '../start/cluster-run.ts';
import { cityName, isFounded, NAME_DEFAULT } from '../start/found.ts';
import { addStartOptions, flagsOf, PORT_MAX, readStart, type StartOptions } from '../start/start-options.ts';
import { buildClusterGrow } from './cluster-grow.ts';
import { buildClusterPeers } from './cluster-peers.ts';
import { buildClusterStatus } from './cluster-status.ts';

const FOUND = import.meta.resolve('@oppidum/node/found-cluster-main');
const VALIDATORS_MAX = 15;

type InitOptions = {
  readonly validators?: number;
  readonly name: string;
  readonly p2pPort?: number;
  readonly address?: string;
};

/** Adds subcommands and their work to the command. */
export function buildCluster(command: Command): void {
  const init = command
    .command('init')
    .description('make the data folders of a city with several validators, and the homes of their CometBFT')
    .option('--validators <n>', 'how many: 1, or 4 to 15 (default: 4)', wholeNumber('--validators', 1, VALIDATORS_MAX))
    .option('--name <name>', 'host-like name of the city', cityName, NAME_DEFAULT)
    .option(
      '--p2p-port <n>',
      'the first of the ports by which they find each other on this machine (default: 26600)',
      wholeNumber('--p2p-port', 1, PORT_MAX),
    )
    .option('--address <list>', 'HOST:PORT of each, with commas between, where each has a machine of its own')
    .action(initCluster);
  addExamples(init, [
    ['four of them, on this machine', 'cluster init'],
    [
      'for four machines',
      'cluster init --data cluster --address a.example:26656,b.example:26656,c.example:26656,d.example:26656',
    ],
  ]);
  const start = command
    .command('start')
    .description(
      'run all validators of a cluster on this machine and keep each running; the first opens API, console and MQTT, as `start` does',
    )
    .addOption(
      new Option('--doors <whose>', 'which validators open an API, a console and MQTT: first, all (each ten ports further), none')
        .choices(['first', 'all', 'none'])
        .default('first'),
    );
  addStartOptions(start);
  start.action(startCluster);
  addExamples(start, [
    ['with the simulated city', 'cluster start'],
    ['on other ports, without it', 'cluster start --port 9000 --mqtt-port 9001 --no-demo'],
    ['every validator with an API of its own', 'cluster start --doors all'],
    ['one validator alone, of a city on several machines', 'cluster start --data validator-3 --no-demo'],
  ]);
  buildClusterGrow(command.command('grow'));
  buildClusterStatus(command.command('status'));
  buildClusterPeers(command);
  const install = command
    .command('install-engine')
    .description(`build CometBFT ${ENGINE_VERSION} from its source, once; needs Go and the network`)
    .option('--again', 'also where it is there already')
    .action(installEngine);
  addExamples(install, [['once', 'cluster install-engine']]);
}

async function initCluster({ validators, name, p2pPort, address }: InitOptions, self: Command): Promise<void> {
  const { place: data, output } = openCli(self);
  if (validatorFolders(data).length > 0 || isFounded(data))
    throw new CliFailure(`There is a city in ${data} already`, {
      exitCode: EXIT.failed,
      action: `Start it with \`${COMMAND} start${placeOptions({ api: API_DEFAULT, data })}\`, or name another folder with --data`,
    });
  const code = await runToEnd(FOUND, flagsOf({ data, validators, name, 'p2p-port': p2pPort, address }));
  process.exitCode = code;
  if (code !== 0) return;
  const folders = validatorFolders(data);
  output.line(`Made ${folders.length} validators of the city ${name} in ${data}.`);
  output.note(
    `${join(folders[0] as string, 'keys')} also has the operator's key: whoever has it decides until there is a council of several.`,
  );
  if (address === undefined) return output.note(`Next: ${COMMAND} cluster start${placeOptions({ api: API_DEFAULT, data })}`);
  output.note('Give each folder to the body that runs it, over a channel you trust, and keep no copy.');
  output.note(`Each body then: ${COMMAND} cluster start --no-demo --data <its folder>      (docs/cluster.md)`);
}

async function startCluster(options: StartOptions & { readonly doors: Doors }, self: Command): Promise<void> {
  const { cli, place, run } = await readStart(self, options);
  process.exitCode = await new ClusterRun(cli, {
    ...run,
    folders: ownValidators(place),
    doors: options.doors,
  }).toEnd();
}
