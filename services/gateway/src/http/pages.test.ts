import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openDoors } from '../../../../test/support/running-gateway.ts';

describe('pages', async () => {
  const pages = mkdtempSync(join(tmpdir(), 'oppidum-pages-'));
  const doors = await openDoors({ pages });
  after(async () => {
    await doors.close();
    rmSync(pages, { recursive: true });
  });

  test('before it is built, the verifier is not there yet', async () => {
    const answer = await fetch(`${doors.gateway.http}/verify`);
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as { readonly code: string }).code, 'PAGE_NOT_BUILT');
  });

  test('the verifier is served as it was built, under the policy that it names, and framed by nobody', async () => {
    const page = `<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'sha256-x'">é`;
    writeFileSync(join(pages, 'verify.html'), page);
    const answer = await fetch(`${doors.gateway.http}/verify`);
    assert.equal(await answer.text(), page);
    assert.equal(
      answer.headers.get('content-security-policy'),
      "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'none'",
    );
    assert.match(answer.headers.get('content-type') ?? '', /^text\/html; charset=utf-8/);
  });
});
