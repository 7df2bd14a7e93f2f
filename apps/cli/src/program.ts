/**
 * The commands by name. A command's file is loaded when its name stands on the command line, so that help and completion stay quick
 * and a small command pays for no other.
 */

import { Command, CommanderError, Help, type OutputConfiguration } from 'commander';
import { API_DEFAULT, addExamples, COMMAND, DATA_DEFAULT, versionOf } from './cli.ts';
import { EXIT } from './failure.ts';
import { useOwnAddress } from './own-address.ts';

/** One noun (or a verb that stands alone) and where its code is. */
type Entry = {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly load: () => Promise<(command: Command) => void>;
};

const RUN = 'Run a city:';
const LOOK = 'Look and act:';
const PROVE = 'Prove:';
const WORK = 'Work on Oppidum:';

const ENTRIES: readonly Entry[] = [
  {
    name: 'init',
    group: RUN,
    summary: 'Make the data folder of a new city: keys, genesis, policy',
    load: async () => (await import('./commands/init.ts')).buildInit,
  },
  {
    name: 'start',
    group: RUN,
    summary: 'Run the city (as `npm start` does)',
    load: async () => (await import('./commands/start.ts')).buildStart,
  },
  {
    name: 'config',
    group: RUN,
    summary: 'Check and show settings, and where each comes from',
    load: async () => (await import('./commands/config.ts')).buildConfig,
  },
  {
    name: 'status',
    group: RUN,
    summary: 'How the running city is, on one screen',
    load: async () => (await import('./commands/status.ts')).buildStatus,
  },
  {
    name: 'doctor',
    group: RUN,
    summary: 'Check this machine and the data folder; change nothing',
    load: async () => (await import('./commands/doctor.ts')).buildDoctor,
  },
  {
    name: 'fsck',
    group: RUN,
    summary: 'Derive everything in a data folder again and name what is damaged',
    load: async () => (await import('./commands/fsck.ts')).buildFsck,
  },
  {
    name: 'backup',
    group: RUN,
    summary: 'Copy a city, running or not; prove and restore copies; export keys',
    load: async () => (await import('./commands/backup.ts')).buildBackup,
  },
  {
    name: 'reindex',
    group: RUN,
    summary: 'Fill the read model anew, and show how far it is',
    load: async () => (await import('./commands/reindex.ts')).buildReindex,
  },
  {
    name: 'retention',
    group: RUN,
    summary: 'How long raw envelopes are kept; proofs stay',
    load: async () => (await import('./commands/retention.ts')).buildRetention,
  },
  {
    name: 'erase',
    group: RUN,
    summary: 'Destroy what a device about a person sent until now',
    load: async () => (await import('./commands/erase.ts')).buildErase,
  },
  {
    name: 'shard',
    group: RUN,
    summary: 'List, declare, retire telemetry shards; run one as its own process',
    load: async () => (await import('./commands/shard.ts')).buildShard,
  },
  {
    name: 'node',
    group: RUN,
    summary: 'Join a running city as a node, begin again, say how a node behaves; snapshots as files',
    load: async () => (await import('./commands/node.ts')).buildNode,
  },
  {
    name: 'cluster',
    group: RUN,
    summary: 'A city of several validators: make it, run it, build its engine',
    load: async () => (await import('./commands/cluster.ts')).buildCluster,
  },
  {
    name: 'city',
    group: RUN,
    summary: 'Read a real place from OpenStreetMap, for maps and the simulated city',
    load: async () => (await import('./commands/city.ts')).buildCity,
  },
  {
    name: 'device',
    group: LOOK,
    summary: 'Devices from enrolment to revocation: whose, what they run, whether they count',
    load: async () => (await import('./commands/device.ts')).buildDevice,
  },
  {
    name: 'model',
    group: LOOK,
    summary: 'List, create, describe, revoke models of devices; what they attest',
    load: async () => (await import('./commands/model.ts')).buildModel,
  },
  {
    name: 'firmware',
    group: LOOK,
    summary: 'Permit and withdraw images, from metadata of The Update Framework',
    load: async () => (await import('./commands/firmware.ts')).buildFirmware,
  },
  {
    name: 'manufacturer',
    group: LOOK,
    summary: 'List, create, propose, revoke makers of devices',
    load: async () => (await import('./commands/manufacturer.ts')).buildManufacturer,
  },
  {
    name: 'reading',
    group: LOOK,
    summary: 'List and show signed readings',
    load: async () => (await import('./commands/reading.ts')).buildReading,
  },
  {
    name: 'block',
    group: LOOK,
    summary: 'List and show blocks',
    load: async () => (await import('./commands/block.ts')).buildBlock,
  },
  {
    name: 'transaction',
    group: LOOK,
    summary: 'List and show transactions; sign requests apart from the city',
    load: async () => (await import('./commands/transaction.ts')).buildTransaction,
  },
  {
    name: 'account',
    group: LOOK,
    summary: 'List, show, create accounts; invite people; add and retire keys',
    load: async () => (await import('./commands/account.ts')).buildAccount,
  },
  {
    name: 'key',
    group: LOOK,
    summary: 'Make, list and revoke API keys; who used them for what',
    load: async () => (await import('./commands/key.ts')).buildKey,
  },
  {
    name: 'validator',
    group: LOOK,
    summary: 'Who votes and cosigns; add, remove, change keys by the council',
    load: async () => (await import('./commands/validator.ts')).buildValidator,
  },
  {
    name: 'upgrade',
    group: LOOK,
    summary: 'The version of the rules in force; plan the next, or cancel it',
    load: async () => (await import('./commands/upgrade.ts')).buildUpgrade,
  },
  {
    name: 'proposal',
    group: LOOK,
    summary: 'List, show, create, approve, reject, withdraw proposals',
    load: async () => (await import('./commands/proposal.ts')).buildProposal,
  },
  {
    name: 'zone',
    group: LOOK,
    summary: 'List, show, create zones of the street; their order keys, envelopes, documents, devices',
    load: async () => (await import('./commands/zone.ts')).buildZone,
  },
  {
    name: 'order',
    group: LOOK,
    summary: 'Issue, list, show, watch, approve, cancel orders to machines; break-glass',
    load: async () => (await import('./commands/order.ts')).buildOrder,
  },
  {
    name: 'alarm',
    group: LOOK,
    summary: 'List, show, count and acknowledge alarms',
    load: async () => (await import('./commands/alarm.ts')).buildAlarm,
  },
  {
    name: 'replay',
    group: LOOK,
    summary: 'Send the rows of a CSV file as signed readings',
    load: async () => (await import('./commands/replay.ts')).buildReplay,
  },
  {
    name: 'signals',
    group: LOOK,
    summary: 'Check drafts of a signal matrix and of signal plans; write what engineers sign',
    load: async () => (await import('./commands/signals.ts')).buildSignals,
  },
  {
    name: 'bridge',
    group: LOOK,
    summary: 'Sign for devices that cannot: LoRaWAN, Modbus, a CSV file that grows',
    load: async () => (await import('./commands/bridge.ts')).buildBridge,
  },
  {
    name: 'verify',
    group: PROVE,
    summary: 'Verify an evidence file or a .tlog-proof offline',
    load: async () => (await import('./commands/verify.ts')).buildVerify,
  },
  {
    name: 'evidence',
    group: PROVE,
    summary: 'Fetch evidence of a reading, a transaction or records; refresh it',
    load: async () => (await import('./commands/evidence.ts')).buildEvidence,
  },
  {
    name: 'audit',
    group: PROVE,
    summary: 'Compare what sources of one city show; prove who signed two histories',
    load: async () => (await import('./commands/audit.ts')).buildAudit,
  },
  {
    name: 'attack',
    group: PROVE,
    summary: 'Attack a city of its own and see what is prevented, what detected',
    load: async () => (await import('./commands/attack.ts')).buildAttack,
  },
  {
    name: 'policy',
    group: PROVE,
    summary: 'Show a policy file; follow its changes to the newest',
    load: async () => (await import('./commands/policy.ts')).buildPolicy,
  },
  {
    name: 'state',
    group: PROVE,
    summary: 'Read proven records; compare two data folders',
    load: async () => (await import('./commands/state.ts')).buildState,
  },
  {
    name: 'witness',
    group: PROVE,
    summary: 'Cosign the logs that a policy names (C2SP tlog-witness)',
    load: async () => (await import('./commands/witness.ts')).buildWitness,
  },
  {
    name: 'conformance',
    group: WORK,
    summary: 'Run published test vectors in their own layout',
    load: async () => (await import('./commands/conformance.ts')).buildConformance,
  },
  {
    name: 'bench',
    group: WORK,
    summary: 'Measure one thing',
    load: async () => (await import('./commands/bench.ts')).buildBench,
  },
  {
    name: 'completion',
    group: WORK,
    summary: 'Print a completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).buildCompletion,
  },
];

/** Global options that take a value: what follows them is no name of a command. */
const VALUE_OPTIONS = new Set(['--api', '--data', '--key-file']);

/** The program with the commands that this command line needs. `argv` is what follows the name of the program. */
export async function buildProgram(argv: readonly string[]): Promise<Command> {
  const names = new Set([firstWord(argv), firstWord(argv.slice(argv.indexOf('help') + 1))]);
  return buildWith(names, argv.includes('--json') ? SAYS_NOTHING : SAYS_FAILURES);
}

/** The program with everything loaded, for completion. */
export async function buildWholeProgram(): Promise<Command> {
  return buildWith(new Set(ENTRIES.map(({ name }) => name)), SAYS_FAILURES);
}

/** How commander tells what is wrong with a command line: as we tell every failure. */
const SAYS_FAILURES = {
  outputError: (text: string, write: (text: string) => void) => write(text.replace(/^error: /, 'oppidum: ')),
};
/** With --json the failure is one JSON line, and that is ours. */
const SAYS_NOTHING = { outputError: () => undefined, writeErr: () => undefined };

async function buildWith(names: ReadonlySet<string | undefined>, says: OutputConfiguration): Promise<Command> {
  const program = new Command(COMMAND)
    .description('Oppidum, the ledger a city runs on: devices sign, anyone verifies offline.')
    .version(versionOf(), '-V, --version', 'print the version')
    .option('--json', 'answer as JSON on standard output')
    .option('--plain', 'answer as lines with tabs, without color and headings')
    .option('-q, --quiet', 'say only what was asked for')
    .option('-v, --verbose', 'say more: codes, traces, steps')
    .option('--no-input', 'never ask; fail where an answer would be needed')
    .option(
      '--api <urls>',
      `address of the city, or several with commas (default: OPPIDUM_API, else that of the city that runs in the data folder, else ${API_DEFAULT})`,
    )
    .option('--key-file <file>', 'file of the API key to show the city (default: OPPIDUM_API_KEY_FILE)')
    .option('--data <dir>', `data folder (default: OPPIDUM_DATA or ${DATA_DEFAULT})`)
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: true, sortOptions: false })
    .configureOutput(says)
    .exitOverride()
    .hook('preAction', (_program, command) => useOwnAddress(command));
  addExamples(program, [
    ['run a city with a simulated one attached', 'start'],
    ['the newest readings', 'reading list --limit 5'],
    ['what proves a reading, as one file', 'evidence <id> --out reading.evidence'],
    ['check it, without asking anybody', 'verify reading.evidence --policy city-data/city.policy'],
  ]);
  program.addHelpText('after', EXIT_HELP);
  for (const { name, group, summary, load } of ENTRIES) {
    const command = program.command(name).description(summary).summary(summary).helpGroup(group);
    if (names.has(name)) (await load())(command);
  }
  settle(program);
  return program;
}

const EXIT_HELP = `
Exit codes: 0 ok, 1 failed, 2 usage, 3 verification failed, 4 not allowed, 5 unavailable,
6 misbehaviour proven. Answers go to standard output, everything else to standard error.`;

/** Every refusal of a command line says where the help for it is. */
function settle(command: Command): void {
  for (const child of command.commands) settle(child);
  command.showHelpAfterError(`See \`${pathOf(command)} --help\`.`);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function firstWord(argv: readonly string[]): string | undefined {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (VALUE_OPTIONS.has(word)) i++;
    else if (!word.startsWith('-') && word !== 'help') return word;
  }
  return undefined;
}

/** What commander threw after printing it: its exit code, and in words what was wrong. Null for any other error. */
export function usageOf(error: unknown): { readonly exitCode: number; readonly text: string } | null {
  if (!(error instanceof CommanderError)) return null;
  const text = error.code === 'commander.help' ? 'there is no such command' : error.message.replace(/^error: /, '');
  return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage, text: text.replaceAll('\n', ' ') };
}

/** The names and summaries of the commands, for whoever lists them. */
export function visibleCommands(command: Command): readonly Command[] {
  return new Help().visibleCommands(command);
}
