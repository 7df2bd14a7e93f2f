import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLastFsck, FSCK_NOTE } from './fsck-check.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;
const OLD_MS = NOW_MS - 100 * DAY_MS;
const note = (timeMs: number, damaged = 0): string => JSON.stringify({ timeMs, damaged, skipped: 1 });

const CASES: readonly (readonly [what: string, note: string | null, foundedMs: number | null, outcome: string])[] = [
  ['no city', null, null, 'skip'],
  ['a young city without a check', null, NOW_MS - DAY_MS, 'skip'],
  ['an old one without', null, OLD_MS, 'warn'],
  ['a note that says nothing', '{}', OLD_MS, 'warn'],
  ['no JSON', '{', OLD_MS, 'warn'],
  ['clean and fresh', note(NOW_MS - DAY_MS), OLD_MS, 'pass'],
  ['clean, long ago', note(NOW_MS - 31 * DAY_MS), OLD_MS, 'warn'],
  ['damaged', note(NOW_MS - DAY_MS, 1), OLD_MS, 'fail'],
];

for (const [what, text, foundedMs, outcome] of CASES)
  test(`the last fsck: ${what}`, () => {
    const data = mkdtempSync(join(tmpdir(), 'oppidum-doctor-'));
    try {
      if (text !== null) writeFileSync(join(data, FSCK_NOTE), text);
      const result = checkLastFsck(data, foundedMs, NOW_MS);
      assert.equal(result.outcome, outcome, result.detail);
      assert.equal(result.action !== null, outcome === 'warn' || outcome === 'fail');
    } finally {
      rmSync(data, { recursive: true });
    }
  });
