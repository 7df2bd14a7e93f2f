/** How far a long job is, with what is left of it by the rate so far. */

import type { ReactNode } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatNumber } from '../../parts/format.ts';

/** `startMs`: when the job began, by performance.now(); `doneBefore`: what was done then. */
export type Job = {
  readonly done: number;
  readonly total: number;
  readonly startMs: number;
  readonly nowMs: number;
  readonly doneBefore: number;
};

export type JobWords = { readonly progress: string; readonly left: string };

/** Seconds that are left by the rate so far, or null while nothing is known of it. */
function secondsLeft({ done, total, startMs, nowMs, doneBefore }: Job): number | null {
  const made = done - doneBefore;
  if (made <= 0 || nowMs <= startMs) return null;
  return Math.ceil(((total - done) * (nowMs - startMs)) / made / 1_000);
}

/** The bar and its words. */
export function JobProgress({
  job,
  label,
  words,
}: {
  readonly job: Job;
  readonly label: string;
  readonly words: JobWords;
}): ReactNode {
  const { tag } = useLanguage();
  const left = secondsLeft(job);
  const { done, total } = job;
  return (
    <div className="job">
      <progress value={done} max={Math.max(total, 1)} aria-label={label} />
      <span>
        {fill(words.progress, { done: formatNumber(done, tag), total: formatNumber(total, tag) })}
        {left !== null && done < total && ` ${fill(words.left, { time: durationText(left, tag) })}`}
      </span>
    </div>
  );
}

function durationText(seconds: number, tag: string): string {
  const [value, unit] = seconds < 90 ? [seconds, 'second'] : [Math.round(seconds / 60), 'minute'];
  return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
