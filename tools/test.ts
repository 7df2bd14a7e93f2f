/**
 * `npm test`: every law and every test, in this order; a part that fails does not hide the next one.
 *   npm test -- [tidy|types|lint|unit|conformance|e2e|faults …] [text in the file's path …]
 * Exit code 1 on a failure, when nothing was found to run, and, with OPPIDUM_REQUIRE_ALL=1, on a skipped test, but for those that are
 * skipped without a program of the system which OPPIDUM_WITHOUT names (test/support/programs.ts).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { failureLines } from './test-failures.ts';
import { runFiles, type Skip, type TestCounts } from './test-run.ts';

const ROOT = resolve(import.meta.dirname, '..');
const REQUIRE_ALL = process.env['OPPIDUM_REQUIRE_ALL'] === '1';
const WITHOUT = (process.env['OPPIDUM_WITHOUT'] ?? '').split(/[\s,]+/).filter((program) => program !== '');

/** Commands and globs of every part, in the order they run. */
const COMMANDS = {
  types: ['node_modules/typescript/bin/tsc', '-b'],
  lint: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--max-diagnostics=100'],
};
const GLOBS = {
  tidy: ['tidy/*.test.ts'],
  unit: ['{core,sdk,services,apps}/*/src/**/*.test.ts', '{tools,test/support,test/simulator,test/bench}/**/*.test.ts'],
  conformance: ['test/conformance/**/*.test.ts'],
  e2e: ['test/e2e/**/*.test.ts'],
  faults: ['test/faults/**/*.test.ts'],
};
type CommandPart = keyof typeof COMMANDS;
type TestPart = keyof typeof GLOBS;
type Part = CommandPart | TestPart;
const PARTS: readonly Part[] = ['tidy', 'types', 'lint', 'unit', 'conformance', 'e2e', 'faults'];

type PartOutcome = { part: Part; passed: boolean; seconds: number; counts: TestCounts | null };

const stop = new AbortController();
let command: ChildProcess | null = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    stop.abort();
    command?.kill(signal);
    setTimeout(() => process.exit(130), 500).unref();
  });
}

function isPart(word: string): word is Part {
  return (PARTS as readonly string[]).includes(word);
}

function runCommand(part: CommandPart): Promise<boolean> {
  return new Promise((done, failed) => {
    command = spawn(process.execPath, COMMANDS[part], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    command.on('error', failed);
    command.on('exit', (code) => done(code === 0));
  });
}

async function runPart(part: Part, patterns: readonly string[]): Promise<PartOutcome> {
  const startedAt = performance.now();
  console.log(`\n── ${part}`);
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  if (part === 'types' || part === 'lint') return { part, passed: await runCommand(part), seconds: seconds(), counts: null };
  const files = globSync(GLOBS[part], { cwd: ROOT, exclude: ['**/node_modules/**'] })
    .filter((file) => patterns.every((pattern) => file.includes(pattern)))
    .sort();
  const counts = await runFiles({ root: ROOT, files, signal: stop.signal });
  const passed = counts.failed === 0 && (!REQUIRE_ALL || counts.skipped.every(mayBeSkipped));
  return { part, passed, seconds: seconds(), counts };
}

/** Skipped for want of a program that whoever runs the tests said is not here. */
function mayBeSkipped({ reason }: Skip): boolean {
  return WITHOUT.some((program) => reason === `without ${program}`);
}

/** Several texts narrow the choice down; two whole names of files are what somebody means otherwise. */
function pathsNeeded(patterns: readonly string[]): string {
  return patterns.length > 1 ? ` whose file has each of these in its path: ${patterns.join(', ')}` : '';
}

function report(outcomes: readonly PartOutcome[], patterns: readonly string[]): boolean {
  const sum = { tests: 0, passed: 0, failed: 0, skipped: 0 };
  console.log('\n── summary');
  for (const { part, passed, seconds, counts } of outcomes) {
    const tests = counts === null ? '' : `, ${counts.tests} tests`;
    console.log(`${passed ? 'passed' : 'FAILED'}  ${part} (${seconds.toFixed(1)} s${tests})`);
    if (counts === null) continue;
    sum.tests += counts.tests;
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped.length;
    for (const skip of counts.skipped) console.log(`  skipped: ${relative(ROOT, skip.file)}: ${skip.name}: ${skip.reason}`);
  }
  // After all parts: whoever is sent only the end of the output reads what failed, and why.
  for (const { counts } of outcomes) for (const failure of counts?.failures ?? []) console.log(failureLines(failure).join('\n'));
  const ranTests = outcomes.some(({ counts }) => counts !== null);
  if (ranTests) console.log(`tests ${sum.tests}, passed ${sum.passed}, failed ${sum.failed}, skipped ${sum.skipped}`);
  if (ranTests && sum.tests === 0) console.log(`No test was found${pathsNeeded(patterns)}: that is a failure.`);
  if (REQUIRE_ALL && sum.skipped > 0)
    console.log('OPPIDUM_REQUIRE_ALL=1: a skipped test is a failure, but without a program of OPPIDUM_WITHOUT.');
  return outcomes.every(({ passed }) => passed) && (!ranTests || sum.tests > 0);
}

async function main(words: readonly string[]): Promise<void> {
  const patterns = words.filter((word) => !isPart(word));
  const named = words.filter(isPart);
  // A pattern alone is meant for test files, not for the compiler.
  const wanted = named.length > 0 ? named : patterns.length > 0 ? (Object.keys(GLOBS) as TestPart[]) : PARTS;
  const outcomes: PartOutcome[] = [];
  for (const part of PARTS) if (wanted.includes(part) && !stop.signal.aborted) outcomes.push(await runPart(part, patterns));
  process.exitCode = report(outcomes, patterns) && !stop.signal.aborted ? 0 : 1;
}

await main(process.argv.slice(2));
