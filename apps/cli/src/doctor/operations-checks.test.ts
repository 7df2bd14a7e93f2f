import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { CityJson } from '@oppidum/gateway/api-types';
import type { CheckResult } from './check.ts';
import {
  checkAnchors,
  checkBackups,
  checkCertificate,
  checkFileLimit,
  checkGrowth,
  checkVersion,
  judgeGrowth,
  judgeKeys,
} from './operations-checks.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;
const OLD_MS = NOW_MS - 100 * DAY_MS;

const city = (changes: object): CityJson =>
  ({
    ...{ logSize: 10, timeMs: NOW_MS, checkpoint: { size: 10, published: true }, version: '0.1.0', mqtt: null },
    ...{ shards: [{ number: 0, size: 5, anchoredSize: 5 }] },
    ...changes,
  }) as unknown as CityJson;

function withFiles(files: Readonly<Record<string, string>>, use: (data: string) => void): void {
  const data = mkdtempSync(join(tmpdir(), 'oppidum-doctor-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(data, name), text.replaceAll('DATA', data));
    use(data);
  } finally {
    rmSync(data, { recursive: true });
  }
}

const note = (kind: string, createdMs: number, file = 'DATA/export'): string => JSON.stringify({ kind, file, createdMs });

const OUTCOMES: Readonly<Record<string, readonly [result: CheckResult, outcome: CheckResult['outcome']]>> = {
  'room for years': [judgeGrowth({ size: 1e9, days: 100, free: 1e11 }), 'pass'],
  'room for days': [judgeGrowth({ size: 1e11, days: 100, free: 1e10 }), 'warn'],
  'nothing grew': [judgeGrowth({ size: 0, days: 100, free: 1e10 }), 'pass'],
  'no city grows': [checkGrowth('.', null, NOW_MS), 'skip'],
  'anchored and cosigned': [checkAnchors(city({}), NOW_MS), 'pass'],
  'no checkpoint for an hour': [checkAnchors(city({ logSize: 11, timeMs: NOW_MS - 3_600_000 }), NOW_MS), 'warn'],
  'a checkpoint comes in a moment': [checkAnchors(city({ logSize: 11 }), NOW_MS), 'pass'],
  'many unanchored': [checkAnchors(city({ shards: [{ size: 1e6, anchoredSize: 0 }] }), NOW_MS), 'warn'],
  'stopped: anchors': [checkAnchors(null, NOW_MS), 'skip'],
  'one version': [checkVersion(city({}), '0.1.0'), 'pass'],
  'two versions': [checkVersion(city({}), '0.2.0'), 'warn'],
  'keys for long': [judgeKeys([{ name: 'a', state: 'in-force', expiresMs: NOW_MS + 99 * DAY_MS }], NOW_MS), 'pass'],
  'a key ends': [judgeKeys([{ name: 'a', state: 'in-force', expiresMs: NOW_MS + DAY_MS }], NOW_MS), 'warn'],
  'a key ended': [judgeKeys([{ name: 'a', state: 'expired', expiresMs: NOW_MS - DAY_MS }], NOW_MS), 'pass'],
  'no TLS': [checkCertificate(city({}), NOW_MS), 'skip'],
  'no process': [checkFileLimit(null), 'skip'],
};

for (const [what, [result, outcome]] of Object.entries(OUTCOMES))
  test(`${what}: ${outcome}`, () => {
    assert.equal(result.outcome, outcome, result.detail);
    assert.equal(
      result.action === null,
      outcome === 'pass' || outcome === 'skip',
      'an action exactly where something is to be done',
    );
  });

describe('backups', () => {
  const cases: readonly (readonly [what: string, files: Record<string, string>, foundedMs: number, outcome: string])[] = [
    ['none in a young city', {}, NOW_MS - 1_000, 'skip'],
    ['none in an old one', {}, OLD_MS, 'warn'],
    ['unreadable notes', { 'backups.json': '{' }, OLD_MS, 'warn'],
    ['fresh', { 'backups.json': `[${note('data', NOW_MS - DAY_MS)}]` }, OLD_MS, 'pass'],
    ['old', { 'backups.json': `[${note('data', NOW_MS - 30 * DAY_MS)}]` }, OLD_MS, 'warn'],
    ['only keys', { 'backups.json': `[${note('keys', NOW_MS)}]` }, OLD_MS, 'warn'],
  ];
  const fresh = note('data', NOW_MS - DAY_MS);
  const register = `{"timeMs":${NOW_MS - DAY_MS},"reason":"x"}\n`;
  const overtaken = { 'backups.json': `[${fresh},${note('keys', NOW_MS - 2 * DAY_MS)}]`, 'erasure-register.ndjson': register };
  for (const [what, files, foundedMs, outcome] of [
    ...cases,
    ['keys that were erased since are still exported', { ...overtaken, export: '' }, OLD_MS, 'warn'] as const,
    ['that export is gone', overtaken, OLD_MS, 'pass'] as const,
  ])
    test(`${what}: ${outcome}`, () =>
      withFiles(files, (data) => assert.equal(checkBackups(data, foundedMs, NOW_MS).outcome, outcome)));
});

test('open files of this process are told', { skip: process.platform !== 'linux' && 'there is no /proc here' }, () => {
  assert.ok(['pass', 'warn'].includes(checkFileLimit(process.pid).outcome));
});
