/**
 * What a verifier remembers when asked to: heads of a city's block log that it believed. Whoever is later shown another head of one of
 * these sizes holds the proof that one log told two stories.
 *
 *   origin demo.oppidum.example/861d…      one line, then per head: size, space, root in hex; ascending
 */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import type { SeenHead } from '@oppidum/proofs/verify-checkpoint';
import { CliFailure, EXIT } from './failure.ts';

/** More than a person verifies; the oldest go first. */
const HEAD_COUNT_MAX = 10_000;
const LINE_FORM = /^(0|[1-9][0-9]{0,15}) ([0-9a-f]{64})$/;

/** The heads in the file, of this origin; none where there is no file. Fails when the file is another city's, or no such file at all. */
export function readSeenHeads(file: string, origin: string): readonly SeenHead[] {
  if (!existsSync(file)) return [];
  const [first, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  if (first !== `origin ${origin}`)
    throw new CliFailure(`${file} does not remember heads of ${origin}`, {
      exitCode: EXIT.failed,
      action: 'Name another file with --seen, one for each city',
    });
  return lines.map((line) => parseHead(file, line));
}

function parseHead(file: string, line: string): SeenHead {
  const [, size, root] = LINE_FORM.exec(line) ?? [];
  try {
    return { size: Number(size), root: parseHex(root ?? '', 32) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new CliFailure(`${file} is damaged at the line ${JSON.stringify(line.slice(0, 100))}`, {
      exitCode: EXIT.failed,
      action: 'Restore it from a copy: what it remembered is what a second history is measured against',
    });
  }
}

/** Writes the heads with one more, durably: the file as it was or as it is now, never a part. */
export function rememberHead(file: string, origin: string, seen: readonly SeenHead[], head: SeenHead): void {
  if (seen.some(({ size }) => size === head.size)) return;
  const heads = [...seen, head].sort((a, b) => a.size - b.size).slice(-HEAD_COUNT_MAX);
  const lines = [`origin ${origin}`, ...heads.map(({ size, root }) => `${size} ${toHex(root)}`), ''];
  const written = `${file}.${process.pid}.new`;
  const descriptor = openSync(written, 'wx', 0o644);
  try {
    writeSync(descriptor, lines.join('\n'));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(written, file);
}
