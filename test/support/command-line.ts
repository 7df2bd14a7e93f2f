/** The command line as a user has it: a process of its own, its exit code and what it wrote where. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../tools/run.cjs', import.meta.url));
const MAIN = fileURLToPath(import.meta.resolve('@oppidum/cli/main'));

/** How a command ended. */
export type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type CommandOptions = {
  readonly cwd?: string;
  readonly stdin?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  /** Through the launcher, as npm and npx do it. */
  readonly launched?: boolean;
};

/** A command that runs on. */
export type RunningCommand = {
  readonly child: ChildProcess;
  /** What it wrote so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<CommandResult>;
};

/** Starts `oppidum` with these arguments. Settings of whoever runs the tests do not reach it. */
export function startCommand(
  args: readonly string[],
  { cwd, stdin, env = {}, launched = false }: CommandOptions = {},
): RunningCommand {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('OPPIDUM_') && !/^(NO_COLOR|FORCE_COLOR)$/.test(name),
  );
  const program = launched ? [LAUNCHER, 'cli'] : ['--disable-warning=ExperimentalWarning', MAIN];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd,
    env: { ...Object.fromEntries(kept), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin ?? '');
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, output: () => ({ stdout, stderr }), ended };
}

/** Runs `oppidum` to its end. */
export function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return startCommand(args, options).ended;
}
