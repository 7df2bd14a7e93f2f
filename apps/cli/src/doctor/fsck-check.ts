/** When `oppidum fsck` last went through this folder, and what it found, by the note that it leaves. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND, formatTime } from '../cli.ts';
import { type CheckResult, failed, passed, skipped, warned } from './check.ts';

/** In the data folder. */
export const FSCK_NOTE = 'fsck.json';

const AGE_MS_WARN = 30 * 86_400_000;

type FsckNote = { readonly timeMs: number; readonly damaged: number; readonly skipped: number };

/** Damage that was found is there until a check finds none; one that is long ago says little. */
export function checkLastFsck(data: string, foundedMs: number | null, nowMs: number): CheckResult {
  const name = 'last fsck';
  if (foundedMs === null) return skipped(name, 'there is no city here');
  const again = `Stop the city, or copy its folder, and run \`${COMMAND} fsck\``;
  const note = readNote(join(data, FSCK_NOTE));
  if (note === null)
    return nowMs - foundedMs < AGE_MS_WARN ? skipped(name, 'none yet') : warned(name, 'none is noted in this folder', again);
  const { timeMs, damaged, skipped: left } = note;
  const detail = `of ${formatTime(timeMs)}: ${damaged} damaged, ${left} skipped`;
  if (damaged > 0) return failed(name, detail, `Do what each finding says, then run \`${COMMAND} fsck\` again`);
  return nowMs - timeMs > AGE_MS_WARN ? warned(name, detail, again) : passed(name, detail);
}

/** Null where there is none, or one that says nothing. */
function readNote(file: string): FsckNote | null {
  try {
    const { timeMs, damaged, skipped: left } = JSON.parse(readFileSync(file, 'utf8')) as Partial<FsckNote>;
    const numbers = [timeMs, damaged, left].filter((number) => Number.isSafeInteger(number)) as number[];
    const [time, count, rest] = numbers;
    if (time === undefined || count === undefined || rest === undefined) return null;
    return { timeMs: time, damaged: count, skipped: rest };
  } catch {
    return null;
  }
}
