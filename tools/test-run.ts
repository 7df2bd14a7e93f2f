/** Runs test files in processes of their own and says, briefly, what happened. */

import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { type Ended, errorOf, type Failure, Failures, placeOf, stringOf } from './test-failures.ts';

/** Test files run at the same time; the target machine has two cores. */
const FILES_AT_ONCE = 2;
const FILE_TIMEOUT_MS = 600_000;
/** Characters of what a file prints that are shown when one of its tests fails. */
const OUTPUT_KEPT_LENGTH = 8_000;

export type Skip = { readonly file: string; readonly name: string; readonly reason: string };
export type TestCounts = { tests: number; passed: number; failed: number; skipped: Skip[]; failures: readonly Failure[] };

/**
 * Runs the files (paths relative to `root`) and counts their tests; suites are not counted. Prints each failure with its error.
 * A file without any test counts as a failure: it would prove nothing and look green.
 */
export async function runFiles(options: { root: string; files: string[]; signal: AbortSignal }): Promise<TestCounts> {
  const { root, files, signal } = options;
  const failures = new Failures(root);
  const counts: TestCounts = { tests: 0, passed: 0, failed: 0, skipped: [], failures: failures.all() };
  if (files.length === 0) return counts;
  const stream = run({
    files: files.map((file) => resolve(root, file)),
    cwd: root,
    concurrency: FILES_AT_ONCE,
    timeout: FILE_TIMEOUT_MS,
    signal,
  });
  stream.on('test:pass', (event) => countPass(counts, failures, event as Ended, root));
  stream.on('test:fail', (event) => countFailure(counts, failures, event as Ended, root));
  const outputs = new Map<string, string>();
  const keepOutput = (event: { readonly file: string; readonly message: string }): void => {
    outputs.set(event.file, `${outputs.get(event.file) ?? ''}${event.message}`.slice(-OUTPUT_KEPT_LENGTH));
  };
  stream.on('test:stdout', keepOutput);
  stream.on('test:stderr', keepOutput);
  // What tests have to say beside passing: counts, seeds. The runner's own sums come the same way.
  stream.on('test:diagnostic', ({ file, message }) => {
    if (file === undefined) return;
    console.log(`  ${message}`);
    failures.said(file, message);
  });
  stream.resume();
  await new Promise<void>((done, failed) => {
    stream.once('end', done);
    stream.once('error', failed);
  });
  for (const [file, output] of outputs) {
    const name = relative(root, file);
    if (counts.failures.some(({ place }) => place.startsWith(name))) console.log(`── what ${name} printed\n${indent(output)}`);
  }
  return counts;
}

function countPass(counts: TestCounts, failures: Failures, event: Ended, root: string): void {
  failures.passed(event);
  const skip = event.skip ?? event.todo;
  if (skip !== undefined && skip !== false) {
    counts.tests += 1;
    const reason = skip === true || skip === '' ? 'no reason given' : skip;
    counts.skipped.push({ file: event.file ?? '', name: event.name, reason });
    return;
  }
  if (event.details.type === 'suite') return;
  counts.tests += 1;
  if (resolve(root, event.name) === event.file) {
    counts.failed += 1;
    failures.failed(event, `${relative(root, event.file)}: holds no test`);
  } else counts.passed += 1;
}

function countFailure(counts: TestCounts, failures: Failures, event: Ended, root: string): void {
  // A parent fails because a child did: the child was reported already.
  if (event.details.error?.failureType === 'subtestsFailed') return failures.within(event);
  counts.tests += 1;
  counts.failed += 1;
  failures.failed(event);
  console.log(`✖ ${placeOf(event, root)}`);
  const error = errorOf(event);
  console.log(indent(error instanceof Error ? (error.stack ?? error.message) : stringOf(error)));
}

function indent(text: string): string {
  const own = text.split('\n').filter((line) => !/^\s+at .*\(?node:(internal|async_hooks)/.test(line));
  return own.join('\n').replaceAll(/^/gm, '    ');
}
