/** `oppidum`: the command line. Reads the command, runs it, and turns whatever ends it into one sentence and an exit code. */

import { COMMAND } from './cli.ts';
import { usageFailure } from './failure.ts';
import { printFailure } from './output.ts';
import { buildProgram, usageOf } from './program.ts';

/** Whoever closed our output (`| head`) has read enough: that is no failure of ours. */
function endQuietly(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

const USAGE_ACTION = `See \`${COMMAND} --help\``;

async function main(argv: readonly string[]): Promise<void> {
  endQuietly(process.stdout);
  endQuietly(process.stderr);
  try {
    const program = await buildProgram(argv);
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    const options = { json: argv.includes('--json'), verbose: argv.includes('-v') || argv.includes('--verbose') };
    const usage = usageOf(error);
    // Commander has printed what it threw, unless somebody wants it as JSON.
    if (usage === null) process.exitCode = printFailure(error, options);
    else if (options.json && usage.exitCode !== 0)
      process.exitCode = printFailure(usageFailure(usage.text, USAGE_ACTION), options);
    else process.exitCode = usage.exitCode;
  }
}

await main(process.argv.slice(2));
