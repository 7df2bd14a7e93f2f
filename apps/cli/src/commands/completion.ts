/** `oppidum completion bash|zsh|fish`: words and options of every command, written from the commands themselves. */

import type { Command } from 'commander';
import { addExamples } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { buildWholeProgram, visibleCommands } from '../program.ts';

/** The words that may follow a command: `path` is '' for the program, `device` or `device list` below. */
type Words = { readonly path: string; readonly commands: readonly Command[]; readonly options: readonly string[] };

/** Adds arguments and the work to the command. */
export function buildCompletion(command: Command): void {
  command.argument('<shell>', 'bash, zsh or fish').action(async (shell: string) => {
    const words = collectWords(await buildWholeProgram());
    const write = WRITERS[shell];
    if (write === undefined) throw usageFailure(`No completion is written for ${shell}`, 'Name bash, zsh or fish');
    process.stdout.write(`${write(words)}\n`);
  });
  command.addHelpText('after', "\nThe scripts complete `oppidum`: alias oppidum='npx --no-install oppidum'");
  addExamples(command, [
    ['bash, for this session', 'completion bash > oppidum.bash && source oppidum.bash'],
    ['fish', 'completion fish > ~/.config/fish/completions/oppidum.fish'],
  ]);
}

function collectWords(program: Command): readonly Words[] {
  const found: Words[] = [];
  const visit = (command: Command, path: string): void => {
    const commands = visibleCommands(command).filter((child) => child.name() !== 'help');
    const options = [...command.options, ...(path === '' ? [] : program.options)].flatMap(({ long }) => long ?? []);
    found.push({ path, commands, options: [...new Set([...options, '--help'])].sort() });
    for (const child of commands) visit(child, path === '' ? child.name() : `${path} ${child.name()}`);
  };
  visit(program, '');
  return found;
}

const WRITERS: Readonly<Record<string, (words: readonly Words[]) => string>> = {
  bash: (words) => `_oppidum() {
  local word=\${COMP_WORDS[COMP_CWORD]} path='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --api | --data) ((i++)) ;;
      -*) ;;
      *) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case $path in
${words.map(({ path, commands, options }) => `    '${path}') COMPREPLY=($(compgen -W '${[...commands.map((child) => child.name()), ...options].join(' ')}' -- "$word")) ;;`).join('\n')}
    *) COMPREPLY=() ;;
  esac
  [[ \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _oppidum oppidum`,
  zsh: (words) => `#compdef oppidum
_oppidum() {
  local -a names
  local place="\${(j: :)\${(@)words[2,CURRENT-1]:#-*}}"
  case $place in
${words.map(({ path, commands, options }) => `    '${path}') names=(${[...commands.map((child) => quote(`${child.name()}:${aboutOf(child)}`)), ...options.map(quote)].join(' ')}) ;;`).join('\n')}
  esac
  _describe 'oppidum' names || _files
}
compdef _oppidum oppidum`,
  fish: (words) =>
    [
      'complete -c oppidum -f',
      ...words.flatMap(({ path, commands, options }) => {
        const where =
          path === ''
            ? '__fish_use_subcommand'
            : path
                .split(' ')
                .map((word) => `__fish_seen_subcommand_from ${word}`)
                .join('; and ');
        return [
          ...commands.map((child) => `complete -c oppidum -n '${where}' -a ${child.name()} -d ${quote(aboutOf(child))}`),
          ...options.map((option) => `complete -c oppidum -n '${where}' -l ${option.replace(/^--/, '')}`),
        ];
      }),
    ].join('\n'),
};

function aboutOf(command: Command): string {
  return command.summary() || command.description();
}

/** A single-quoted word; none of our texts may end the quote. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
