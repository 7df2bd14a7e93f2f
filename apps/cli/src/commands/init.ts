/** `oppidum init`: the data folder of a new city. Asks where a person is there and did not say; `--yes` takes the defaults. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { addExamples, type Cli, COMMAND, openCli } from '../cli.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { cityName, found, isCityName, isFounded, NAME_DEFAULT, NAME_FORM } from '../start/found.ts';

type InitOptions = { readonly name?: string; readonly yes?: true };
type Answers = { readonly name: string; readonly data: string };

/** Adds options and the work to the command. */
export function buildInit(command: Command): void {
  command
    .option('--name <name>', `host-like name of the city (default: ${NAME_DEFAULT})`, cityName)
    .option('-y, --yes', 'ask nothing, take the defaults')
    .action(async (options: InitOptions, self: Command) => {
      const cli = openCli(self);
      const isSaid =
        options.yes === true || options.name !== undefined || self.getOptionValueSourceWithGlobals('data') !== undefined;
      const known = { name: options.name ?? NAME_DEFAULT, data: cli.data };
      const { name, data } = cli.mayAsk && !isSaid ? await ask(known) : known;
      if (isFounded(data))
        throw new CliFailure(`There is a city in ${data} already`, {
          exitCode: EXIT.failed,
          action: `Start it with \`${COMMAND} start\`, or name another folder with --data`,
        });
      const code = await found(data, name);
      if (code !== 0) {
        process.exitCode = code;
        return;
      }
      printMade(cli, { name, data });
    });
  command.addHelpText(
    'after',
    '\nMakes keys (the operator’s among them), the genesis document and city.policy. The name stays for good.\n`start` does the same by itself for a data folder that is not there yet.',
  );
  addExamples(command, [
    ['asking', 'init'],
    ['without asking', 'init --name lights.example.org --data city-data --yes'],
  ]);
}

async function ask(known: Answers): Promise<Answers> {
  const { cancel, intro, isCancel, text } = await import('@clack/prompts');
  intro('A new city');
  const answerOf = async (
    message: string,
    initialValue: string,
    validate: (text?: string) => string | undefined,
  ): Promise<string> => {
    const answer = await text({ message, initialValue, validate, output: process.stderr });
    if (!isCancel(answer)) return answer;
    cancel('Nothing was made.');
    throw new CliFailure('Nothing was made', { exitCode: EXIT.failed });
  };
  const name = await answerOf('Its name, like a host name. It stays for good.', known.name, (answer = '') =>
    isCityName(answer) ? undefined : `It has ${NAME_FORM}`,
  );
  const data = await answerOf('Its data folder', known.data, (answer = '') =>
    answer !== '' && isFounded(answer) ? 'There is a city in this folder already' : undefined,
  );
  return { name, data: data === '' ? known.data : data };
}

function printMade(cli: Cli, { name, data }: Answers): void {
  if (cli.json) {
    cli.output.json({ name, data, policy: join(data, 'city.policy') });
    return;
  }
  cli.output.line(`Made the city ${name} in ${data}.`);
  cli.output.note(
    `Give ${join(data, 'city.policy')} to everybody who verifies. Keep ${join(data, 'keys')} to yourself, and keep a copy.`,
  );
  cli.output.note(`Next: ${COMMAND} start --data ${data}`);
}
