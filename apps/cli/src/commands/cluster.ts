/** `oppidum cluster init|start|install-engine`: a city that several validators agree on, all of them on this machine. */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { addExamples, type Cli, COMMAND, openCli, wholeNumber } from '../cli.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { Child, runToEnd } from '../start/children.ts';
import { cityName, NAME_DEFAULT } from '../start/found.ts';

const FOUND = import.meta.resolve('@oppidum/node/found-cluster-main');
const VALIDATOR = import.meta.resolve('@oppidum/node/validator-main');
const CLI = new URL('../main.ts', import.meta.url).href;
/** Where a node looks for CometBFT besides PATH. */
const ENGINE_FOLDER = fileURLToPath(new URL('../../../../.cache/engine', import.meta.url));
const ENGINE = 'github.com/cometbft/cometbft/cmd/cometbft@v0.38.26';
const GO_FOLDER = '/usr/local/go/bin';
const [VALIDATORS_MAX, PORT_MAX] = [15, 65_535];

type InitOptions = { readonly validators: number; readonly name: string; readonly p2pPort: number };

/** Adds subcommands and their work to the command. */
export function buildCluster(command: Command): void {
  const init = command
    .command('init')
    .description('make the data folders of a city with several validators, and the homes of their CometBFT')
    .option('--validators <n>', 'how many: 1, or 4 to 15', wholeNumber('--validators', 1, VALIDATORS_MAX), 4)
    .option('--name <name>', 'host-like name of the city', cityName, NAME_DEFAULT)
    .option(
      '--p2p-port <n>',
      'the first of the ports by which they find each other',
      wholeNumber('--p2p-port', 1, PORT_MAX),
      26_600,
    )
    .action(initCluster);
  addExamples(init, [['four of them', 'cluster init --validators 4 --data cluster']]);
  const start = command
    .command('start')
    .description('run all validators of a cluster on this machine; the first has the doors, as `start` opens them')
    .argument('[flags...]', 'flags of `start`, after --')
    .action(startCluster);
  addExamples(start, [
    ['with the simulated city', 'cluster start --data cluster'],
    ['on another port', 'cluster start --data cluster -- --port 9000'],
  ]);
  const install = command
    .command('install-engine')
    .description('build CometBFT v0.38.26 from its source; needs Go')
    .action(installEngine);
  addExamples(install, [['once', 'cluster install-engine']]);
}

async function initCluster({ validators, name, p2pPort }: InitOptions, self: Command): Promise<void> {
  const { data, output } = openCli(self);
  const flags = { data, validators, name, 'p2p-port': p2pPort };
  const code = await runToEnd(
    FOUND,
    Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
  );
  process.exitCode = code;
  if (code !== 0) return;
  output.line(`Made ${validators} validators of the city ${name} in ${data}.`);
  output.note(
    `Each folder is one validator's: give each to the body that runs it. ${join(data, 'validator-1', 'keys')} has the operator's key, too.`,
  );
  output.note(`Next: ${COMMAND} cluster start --data ${data}`);
}

async function startCluster(flags: readonly string[], _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const [first, ...others] = validatorFolders(cli);
  const validators = others.map((folder, i) => new Child(`validator ${i + 2}`, VALIDATOR, ['--data', folder], { isShown: true }));
  const words = ['--disable-warning=ExperimentalWarning', fileURLToPath(CLI), 'start', '--data', first, ...flags];
  const city = spawn(process.execPath, words, { stdio: 'inherit' });
  const ended = new Promise<number>((resolve) => {
    city.on('error', () => resolve(EXIT.failed));
    city.on('exit', (code) => resolve(code ?? EXIT.failed));
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => city.kill(signal));
  // One that ends is missed by nobody while more than two thirds run; who restarts it is its supervisor's matter.
  for (const { name, ended: gone } of validators)
    void gone.then(({ code, signal }) => cli.output.note(`${name} ended (${signal ?? `exit code ${code}`})`));
  process.exitCode = await ended;
  await Promise.all(validators.map((validator) => validator.stop()));
}

function validatorFolders({ data }: Cli): readonly [string, ...string[]] {
  const names = existsSync(data) ? readdirSync(data).filter((name) => /^validator-\d+$/.test(name)) : [];
  const numbers = names.map((name) => Number(name.slice('validator-'.length))).sort((a, b) => a - b);
  const [first, ...others] = numbers.map((number) => join(data, `validator-${number}`));
  if (first !== undefined) return [first, ...others];
  throw new CliFailure(`There is no cluster in ${data}`, {
    exitCode: EXIT.failed,
    action: `Make one with \`${COMMAND} cluster init\`, or name its folder with --data`,
  });
}

async function installEngine(_options: object, self: Command): Promise<void> {
  const { output } = openCli(self);
  mkdirSync(ENGINE_FOLDER, { recursive: true });
  output.note(`Building ${ENGINE}: a minute or two…`);
  const path = `${process.env['PATH'] ?? ''}${delimiter}${GO_FOLDER}`;
  const child = spawn('go', ['install', ENGINE], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: path, GOBIN: ENGINE_FOLDER },
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('exit', resolve);
  });
  if (code === 0) return output.line(`CometBFT is in ${ENGINE_FOLDER}.`);
  throw new CliFailure(code === null ? 'Go is not on this machine' : 'CometBFT could not be built', {
    exitCode: EXIT.unavailable,
    action:
      code === null
        ? 'Install Go 1.23 or newer, or put cometbft 0.38 on PATH'
        : 'See the lines above; the build fetches modules over the network',
  });
}
