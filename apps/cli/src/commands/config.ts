/** `oppidum config`: what a city would be started with, and where each setting comes from. No setting holds a secret; files that do are named. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { addExamples, openCli } from '../cli.ts';
import { EXIT } from '../failure.ts';

type ConfigOptions = { readonly config?: string; readonly redacted?: true };

/** Adds the subcommands. */
export function buildConfig(command: Command): void {
  const argument = '[flags...]';
  command
    .command('check')
    .description('say whether the settings can be used')
    .argument(argument, 'flags of a city, after --')
    .option('--config <file>', 'the YAML file')
    .action((flags: readonly string[], options: ConfigOptions, self: Command) => {
      const settings = explain(flags, options);
      if (settings === null) return;
      const count = settings.filter(({ from }) => from !== 'default').length;
      const { output, json } = openCli(self);
      if (json) output.json({ ok: true, given: count });
      else output.line(`good: ${count} settings are given, the others have their defaults`);
    });
  command
    .command('print')
    .description('show every setting, and where its value comes from: flag, environment, file or default')
    .argument(argument, 'flags of a city, after --')
    .option('--config <file>', 'the YAML file')
    .option('--redacted', 'leave out where files and brokers are, for showing it to others')
    .action((flags: readonly string[], options: ConfigOptions, self: Command) => {
      const found = explain(flags, options);
      if (found === null) return;
      const settings = found.map((one) => (options.redacted === true ? redact(one) : one));
      const { output, json } = openCli(self);
      if (json) output.json({ settings });
      else output.fields(settings.map(({ name, value, from }) => [name, `${show(value)} (${from})`] as const));
    });
  command
    .command('schema')
    .description('print the JSON Schema of the YAML file, for editors')
    .action((_options: object, self: Command) => openCli(self).output.line(JSON.stringify(ask(['--schema']), null, 2)));
  addExamples(command, [
    ['before a start', 'config check --config city.yaml'],
    ['what wins over what', 'config print --config city.yaml -- --port 9000'],
  ]);
}

type Setting = { readonly name: string; readonly value: unknown; readonly from: string };

/** Null where the settings cannot be used: that was said, and the exit code is set. */
function explain(flags: readonly string[], { config }: ConfigOptions): readonly Setting[] | null {
  const answer = ask([...(config === undefined ? [] : ['--config', config]), ...flags]);
  return answer === null ? null : (answer as { readonly settings: readonly Setting[] }).settings;
}

/** The gateway reads its settings itself. */
function ask(flags: readonly string[]): object | null {
  const program = fileURLToPath(import.meta.resolve('@oppidum/gateway/config-main'));
  const args = ['--disable-warning=ExperimentalWarning', program, ...flags];
  const { status, stdout } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout) as object;
  process.exitCode = status ?? EXIT.failed;
  return null;
}

const PLACES: ReadonlySet<string> = new Set(['data', 'tlsCert', 'tlsKey', 'mqttUrl', 'mqttLogin', 'pages', 'map', 'hosts']);

function redact({ name, value, from }: Setting): Setting {
  const source = from.startsWith('file ') ? 'file' : from;
  return { name, value: PLACES.has(name) && from !== 'default' ? '[redacted]' : value, from: source };
}

function show(value: Setting['value']): string {
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}
