/** `oppidum`: the command line. Reads the command, runs it, and turns whatever ends it into one sentence and an exit code. */

import { printFailure } from './output.ts';
import { buildProgram, exitCodeOfUsage } from './program.ts';

/** Whoever closed our output (`| head`) has read enough: that is no failure of ours. */
function endQuietly(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

async function main(argv: readonly string[]): Promise<void> {
  endQuietly(process.stdout);
  endQuietly(process.stderr);
  try {
    const program = await buildProgram(argv);
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    const options = { json: argv.includes('--json'), verbose: argv.includes('-v') || argv.includes('--verbose') };
    process.exitCode = exitCodeOfUsage(error) ?? printFailure(error, options);
  }
}

await main(process.argv.slice(2));
