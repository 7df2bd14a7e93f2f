import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { encodeDeviceReport, isReport, parseDeviceReport } from '@oppidum/formats/device-report';
import { FormatError } from '@oppidum/formats/errors';
import { renderReportVectors } from '../../tools/report-vectors.ts';

const FILE = join(resolve(import.meta.dirname, '../..'), 'vectors/reports/forms.json');

type ReportVectors = {
  readonly device: string;
  readonly cases: readonly { readonly why: string; readonly message: string; readonly code: string }[];
};

const { device, cases } = JSON.parse(readFileSync(FILE, 'utf8')) as ReportVectors;

test('the file is what the maker writes', () => {
  assert.equal(readFileSync(FILE, 'utf8'), renderReportVectors(), 'run `node tools/report-vectors.ts`');
});

for (const { why, message, code } of cases) {
  test(`reports of devices: ${why}: ${code}`, () => {
    const bytes = parseHex(message);
    let got = 'OK';
    try {
      const actions = parseDeviceReport(bytes, parseHex(device));
      assert.ok(isReport(bytes), 'told from a challenge by its first byte');
      assert.equal(toHex(encodeDeviceReport(actions)), message);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      got = error.code;
    }
    assert.equal(got, code);
  });
}
