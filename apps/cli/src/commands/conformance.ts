/** `oppidum conformance SUITE DIR`: published test files in their own layout, from any folder. */

import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { addExamples, type Cli, openCli } from '../cli.ts';
import { hasFailed, type SuiteNote, type SuiteResult } from '../conformance/suite.ts';
import { EXIT, usageFailure } from '../failure.ts';

type SuiteOptions = { readonly policy?: string };
type Suite = { readonly about: string; readonly run: (dir: string, options: SuiteOptions) => Promise<SuiteResult> };

const SUITES: Readonly<Record<string, Suite>> = {
  merkle: {
    about: 'inclusion and consistency proofs (transparency-dev/merkle testdata)',
    run: async (dir) => (await import('../conformance/merkle.ts')).runMerkleSuite(dir),
  },
  ed25519: {
    about: 'Ed25519 edge cases: every backend obeys the one rule (C2SP/CCTV ed25519)',
    run: async (dir) => (await import('../conformance/ed25519.ts')).runEd25519Suite(dir),
  },
  wycheproof: {
    about: 'signature files of C2SP/wycheproof',
    run: async (dir) => (await import('../conformance/wycheproof.ts')).runWycheproofSuite(dir),
  },
  'cose-sign1': {
    about: 'COSE_Sign1 messages (cose-wg/Examples)',
    run: async (dir) => (await import('../conformance/cose-sign1.ts')).runCoseSign1Suite(dir),
  },
  senml: {
    about: 'examples of the SenML specification (core-wg/senml-spec)',
    run: async (dir) => (await import('../conformance/senml.ts')).runSenmlSuite(dir),
  },
  'tlog-proof': {
    about: 'NAME.tlog-proof with NAME.entry under a policy (C2SP tlog-proof)',
    run: async (dir, { policy }) => (await import('../conformance/tlog-proof.ts')).runTlogProofSuite(dir, policy),
  },
  'tlog-log': {
    about: 'static logs: checkpoints, tiles, entries, a verifier key or policy (C2SP tlog-tiles)',
    run: async (dir) => (await import('../conformance/tlog-log.ts')).runTlogLogSuite(dir),
  },
};

/** Adds arguments, options and the work to the command. */
export function buildConformance(command: Command): void {
  const suites = Object.entries(SUITES).map(([name, { about }]) => `  ${name.padEnd(11)} ${about}`);
  command
    .argument('<suite>', `one of ${Object.keys(SUITES).join(', ')}`)
    .argument('<dir>', 'the folder with the test files')
    .option('--policy <file>', 'tlog-proof: the policy of proofs that have no NAME.policy beside them')
    .addHelpText('after', `\nSuites:\n${suites.join('\n')}`)
    .action(async (name: string, dir: string, options: SuiteOptions, self: Command) => {
      const cli = openCli(self);
      const suite = chooseSuite(name, self);
      if (options.policy !== undefined && name !== 'tlog-proof') throw usageFailure('--policy belongs to the suite tlog-proof');
      if (!statSync(dir).isDirectory()) throw usageFailure(`${dir} is no folder`, 'Name the folder that holds the test files');
      const result = await suite.run(dir, options);
      printResult(cli, name, result);
      if (hasFailed(result)) process.exitCode = EXIT.unverified;
    });
  addExamples(command, [
    ['from a checkout of transparency-dev/merkle', 'conformance merkle testdata'],
    ['proofs exported by `oppidum evidence … --tlog-proof proofs`', 'conformance tlog-proof proofs --policy city.policy'],
  ]);
}

function chooseSuite(name: string, command: Command): Suite {
  const suite = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined;
  if (suite !== undefined) return suite;
  const near = Object.keys(SUITES).find((known) => known.startsWith(name.slice(0, 3)) || known.includes(name));
  const hint = near === undefined ? `Suites: ${Object.keys(SUITES).join(', ')}` : `Did you mean ${near}?`;
  return command.error(`error: unknown suite '${name}'\n${hint}`);
}

function printResult(cli: Cli, suite: string, result: SuiteResult): void {
  const { passed, failed, skipped, failures, skips } = result;
  if (cli.json) {
    cli.output.json({ suite, passed, failed, skipped, failures, skips });
    return;
  }
  for (const note of failures) cli.output.note(`failed   ${describe(note)}`);
  if (cli.verbose) for (const note of skips) cli.output.note(`skipped  ${describe(note)}`);
  if (passed + failed + skipped === 0) cli.output.note('No test file of this suite was found in this folder.');
  else if (passed + failed === 0) cli.output.note('Nothing could be judged: see the reasons with --verbose.');
  cli.output.line(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}

function describe({ file, name, reason }: SuiteNote): string {
  return `${file}${name === '' ? '' : `: ${name}`}: ${reason}`;
}
