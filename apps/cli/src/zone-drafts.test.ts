import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { readOrMakeSeed, readSeed } from '@oppidum/device/key-file';
import { toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { encodeZoneDraft, parseZoneDraft, type ZoneDraft, zoneDraftId } from '@oppidum/formats/zone-draft';
import type { ZoneDetailJson, ZoneDraftJson, ZoneDraftListJson } from '@oppidum/gateway/api/orders';
import { runCommand } from '../../../test/support/command-line.ts';
import { type RunningDoors, runDoors } from '../../../test/support/running-gateway.ts';
import { matrix, plans } from '../../../test/support/signals.ts';

const ENVELOPE = {
  ...{ independence: 'device', grade: 'device', quantities: [], rules: [] },
  ...{ safe: [{ command: 'signal/flash', arguments: [] }], dangerous: ['signal/automatic', 'signal/plan'] },
  ...{ lifetimeMsMax: 60_000, dangerousLifetimeMsMax: 30_000 },
};
const KEYS = ['demo/engineers/junction-1.seed', 'demo/engineers/junction-2.seed', 'c.seed', 'stranger.seed'] as const;
const DOCS = new URL('../../../docs/signals.md', import.meta.url);

/** The commands under a heading of the documents, as somebody types them. */
function documented(heading: string): readonly string[] {
  const section = readFileSync(DOCS, 'utf8').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/```\n([\s\S]*?)```/g)].flatMap(([, lines = '']) => lines.trim().split('\n'));
}

describe('changes of a zone that engineers sign apart', () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-drafts-'));
  const data = join(root, 'city-data');
  const [anna, ben, clara, stranger] = KEYS.map((name) => join(data, name)) as [string, string, string, string];
  const file = (name: string): string => join(root, name);
  let doors: RunningDoors;
  let id = '';

  const run = async (args: readonly string[], code = 0, env: Record<string, string> = {}) => {
    const result = await runCommand(args, { cwd: root, env: { OPPIDUM_API: doors.gateway.http, ...env } });
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    return result;
  };
  const json = async <T>(args: readonly string[]): Promise<T> => JSON.parse((await run([...args, '--json'])).stdout) as T;
  const codeOf = async (args: readonly string[], exitCode: number): Promise<string> => {
    const last = (await run([...args, '--json'], exitCode)).stderr.trim().split('\n').at(-1) ?? '';
    return (JSON.parse(last) as { readonly error: { readonly code: string } }).error.code;
  };
  const readDraft = (name: string): ZoneDraft => parseZoneDraft(new Uint8Array(readFileSync(file(name))));
  const zone = async (): Promise<ZoneDetailJson> =>
    (await (await fetch(`${doors.gateway.http}/api/v1/zones/${id}`)).json()) as ZoneDetailJson;
  const drafts = async (): Promise<ZoneDraftListJson['items']> =>
    ((await (await fetch(`${doors.gateway.http}/api/v1/zone-drafts?zone=${id}`)).json()) as ZoneDraftListJson).items;
  const sign = (name: string, ...keys: readonly string[]) =>
    run(['zone', 'sign', name, ...keys.flatMap((key) => ['--order-key', key]), '--yes']);
  const draftPlans = async (name: string, offsetMs: number): Promise<void> => {
    const [first, ...rest] = plans.plans;
    assert.ok(first !== undefined);
    writeFileSync(file('next.cbor'), encodeBy(signalPlansSchema, { ...plans, plans: [{ ...first, offsetMs }, ...rest] }));
    rmSync(file(name), { force: true });
    await run(['zone', 'document', 'draft', id, 'plans', 'next.cbor', '--out', name]);
  };

  before(async () => {
    doors = await runDoors(data);
    for (const key of [anna, ben, clara, stranger]) await readOrMakeSeed(key);
    writeFileSync(file('envelope.json'), JSON.stringify(ENVELOPE));
    const keys = ['--order-key', anna, '--order-key', ben, '--dangerous-threshold', '2'];
    await run(['zone', 'create', '--name', 'Junction', '--domain', 'signals', '--envelope', 'envelope.json', ...keys]);
    id = (await json<{ items: readonly { id: string }[] }>(['zone', 'list'])).items[0]?.id as string;
    writeFileSync(file('m.cbor'), encodeBy(signalMatrixSchema, matrix));
    writeFileSync(file('p.cbor'), encodeBy(signalPlansSchema, plans));
    for (const [name, body] of [
      ['matrix', 'm.cbor'],
      ['plans', 'p.cbor'],
    ] as const)
      await run(['zone', 'set-document', id, name, body, ...keys.slice(0, 4), '--yes']);
  });
  after(async () => {
    await doors.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('a plan is changed by two engineers as docs/signals.md says', async () => {
    let draft = '';
    const lines = documented('Change a plan: two engineers, two desks');
    assert.equal(lines.length, 12);
    for (const line of lines) {
      const args = line.replace('npx --no-install oppidum ', '').replace('ZONE', id).replace('DRAFT', draft).split(' ');
      const { stdout, stderr } = await run(args);
      if (line.includes('--out plans.json')) {
        const written = JSON.parse(readFileSync(file('plans.json'), 'utf8')) as { plans: { offsetMs: number }[] };
        (written.plans[0] as { offsetMs: number }).offsetMs = 7_000;
        writeFileSync(file('plans.json'), JSON.stringify(written));
      }
      if (line.includes('zone submit plans.draft')) {
        draft = /^draft +([0-9a-f]{64})$/m.exec(stdout)?.[1] as string;
        assert.match(stdout, /signed by +1 of 2 keys needed/);
        assert.match(stderr, /waits at the gateway for 1 more signature/);
      }
      if (line.endsWith('zone list')) assert.match(stdout, /^id +name +domain +devices +key set +envelope$/m);
      if (line.endsWith('zone drafts')) assert.match(stdout, /document plans 2 +1\/2/);
      if (line.includes('--out second.draft')) {
        assert.match(stdout, /^Version 2 of the document “plans”, after version 1, of zone “Junction”/);
        assert.match(stdout, /^plans 1, offsetMs: 0 s → 7 s$/m);
      }
      if (line.includes('zone submit second.draft')) assert.match(stdout, /zone\/document-set/);
      if (line.endsWith('show ZONE plans')) assert.match(stdout, /signed by +2 different keys of key set 1, 2 needed/);
    }
    assert.equal((await zone()).documents.find(({ name }) => name === 'plans')?.version, 2);
    const { signers } = await json<{ signers: readonly string[] }>(['zone', 'document', 'show', id, 'plans']);
    assert.equal(new Set(signers).size, 2);
    assert.deepEqual(await drafts(), [], 'what is in force waits no more');
  });

  test('a matrix says aloud which phases may now be green together', async () => {
    const changed = { ...matrix, compatible: [[1, 5], [1, 6], [2, 4], ...matrix.compatible.slice(2)] };
    writeFileSync(file('m2.cbor'), encodeBy(signalMatrixSchema, changed));
    const { stdout } = await run(['zone', 'document', 'draft', id, 'matrix', 'm2.cbor', '--out', 'matrix.draft']);
    assert.match(stdout, /^MAY NOW BE GREEN TOGETHER: phase 2 \(Main east\) and phase 4 \(Mill north\)$/m);
    writeFileSync(
      file('m3.cbor'),
      encodeBy(signalMatrixSchema, { ...matrix, phases: matrix.phases.map((phase) => ({ ...phase, widthFt: 300 })) }),
    );
    assert.equal(
      await codeOf(['zone', 'document', 'draft', id, 'matrix', 'm3.cbor', '--out', 'm3.draft'], 1),
      'MATRIX_CLEARANCE_LONG',
    );
  });

  test('copies that were signed apart are joined; nobody signs twice, and no stranger', async () => {
    await draftPlans('a.draft', 9_000);
    writeFileSync(file('b.draft'), readFileSync(file('a.draft')));
    assert.match((await run(['zone', 'sign', 'a.draft', '--dry-run'])).stdout, /offsetMs: 7 s → 9 s/);
    assert.match((await run(['zone', 'sign', 'a.draft', '--order-key', anna], 2)).stderr, /--yes/);
    assert.equal(readDraft('a.draft').signatures.length, 0);
    await sign('a.draft', anna);
    assert.equal(await codeOf(['zone', 'sign', 'a.draft', '--order-key', anna, '--yes'], 1), 'DRAFT_SIGNED');
    assert.equal(await codeOf(['zone', 'sign', 'a.draft', '--order-key', stranger, '--yes'], 4), 'ORDER_KEY_FOREIGN');
    await sign('b.draft', ben);
    await draftPlans('c.draft', 11_000);
    assert.equal(await codeOf(['zone', 'submit', 'a.draft', 'c.draft', '--yes'], 1), 'DRAFT_OTHER');
    await run(['zone', 'submit', 'a.draft', 'b.draft', '--yes']);
    assert.equal((await zone()).documents.find(({ name }) => name === 'plans')?.version, 3);
    assert.equal(await codeOf(['zone', 'submit', 'a.draft', 'b.draft', '--yes'], 1), 'VERSION_NOT_NEXT');
    assert.equal(await codeOf(['zone', 'submit', 'c.draft', '--yes'], 1), 'VERSION_NOT_NEXT');
  });

  test('wrong bytes and wrong signatures are refused where they are read, at the gateway, and on the ledger', async () => {
    await draftPlans('d.draft', 13_000);
    await sign('d.draft', anna);
    const draft = readDraft('d.draft');
    const write = (changes: Partial<ZoneDraft>): void =>
      writeFileSync(file('bad.draft'), encodeZoneDraft({ ...draft, ...changes }));
    const flipped = draft.signatures.map(({ key, signature }) => ({
      key,
      signature: signature.map((byte, i) => byte ^ Number(i === 9)),
    }));
    write({ signatures: flipped });
    assert.equal(await codeOf(['zone', 'sign', 'bad.draft', '--order-key', ben, '--yes'], 3), 'SIGNATURE_INVALID');
    write({ records: draft.records.slice(1) });
    assert.equal(await codeOf(['zone', 'sign', 'bad.draft', '--order-key', ben, '--yes'], 3), 'DRAFT_UNPROVEN');
    write({
      records: draft.records.map((record, i) => (i === 3 ? record.map((byte, at) => byte ^ Number(at === 400)) : record)),
    });
    assert.equal(await codeOf(['zone', 'sign', 'bad.draft', '--order-key', ben, '--yes'], 3), 'DRAFT_UNPROVEN');
    writeFileSync(file('bad.draft'), readFileSync(file('d.draft')).subarray(0, 500));
    assert.equal((await run(['zone', 'sign', 'bad.draft', '--dry-run'], 3)).stdout, '');
    const offer = async (changes: Partial<ZoneDraft>): Promise<string> => {
      const body = Buffer.from(encodeZoneDraft({ ...draft, records: [], ...changes }));
      const answer = await fetch(`${doors.gateway.http}/api/v1/zone-drafts`, {
        method: 'POST',
        headers: { 'content-type': 'application/cbor' },
        body,
      });
      return answer.status === 200 ? 'OK' : ((await answer.json()) as { readonly code: string }).code;
    };
    assert.equal(await offer({ signatures: [] }), 'SIGNATURES_FEW');
    assert.equal(await offer({ signatures: flipped }), 'SIGNATURE_INVALID');
    assert.equal(await offer({ signatures: draft.signatures.map(({ signature }) => ({ key: 7, signature })) }), 'KEY_UNKNOWN');
    assert.equal(await offer({}), 'OK');
    const items = await drafts();
    assert.deepEqual(
      items.map(({ id: one, signers }) => [one, signers.length]),
      [[Buffer.from(zoneDraftId(nativeCrypto, draft)).toString('hex'), 1]],
    );
    const unknown = await fetch(`${doors.gateway.http}/api/v1/zone-drafts/${'ab'.repeat(32)}`);
    assert.equal(((await unknown.json()) as { readonly code: string }).code, 'DRAFT_UNKNOWN');
  });

  test('an envelope is changed apart, too, and a draft that waits survives a restart of the gateway', async () => {
    writeFileSync(file('shorter.json'), JSON.stringify({ ...ENVELOPE, lifetimeMsMax: 50_000 }));
    const { stdout } = await run(['zone', 'envelope', 'draft', id, 'shorter.json', '--out', 'envelope.draft']);
    assert.match(stdout, /^lifetimeMsMax: 1 min → 50 s$/m);
    await sign('envelope.draft', ben);
    const { id: draft } = await json<ZoneDraftJson>(['zone', 'submit', 'envelope.draft']);
    await doors.close();
    doors = await runDoors(data, false);
    const fetched = ['zone', 'drafts', draft, '--out', 'fetched.draft'];
    await run(fetched);
    assert.match((await run(fetched, 2)).stderr, /is there already/);
    await sign('fetched.draft', anna);
    await run(['zone', 'submit', 'fetched.draft', '--yes']);
    assert.equal((await zone()).envelopeInForce.lifetimeMsMax, 50_000);
  });

  test('old and new engineers replace the keys; what waits with signatures of former keys is refused', async () => {
    await draftPlans('late.draft', 15_000);
    await sign('late.draft', anna);
    const publicKeys: string[] = [];
    for (const key of [ben, clara]) publicKeys.push(toHex(ed25519Signer(readSeed(key)).publicKey));
    const set = publicKeys.flatMap((key) => ['--public-key', key]);
    const made = await run(['zone', 'keys', 'draft', id, ...set, '--dangerous-threshold', '2', '--out', 'keys.draft']);
    assert.match(made.stdout, new RegExp(`NEW ORDER KEY: ${publicKeys[1]}`));
    await sign('keys.draft', anna);
    await run(['zone', 'submit', 'keys.draft']);
    await sign('keys.draft', ben);
    assert.match(
      (await run(['zone', 'submit', 'keys.draft'])).stderr,
      /waits at the gateway for 1 more signature/,
      'the new engineer has not signed',
    );
    await sign('keys.draft', clara);
    await run(['zone', 'submit', 'keys.draft', '--yes']);
    assert.deepEqual((await zone()).keySet.keys, publicKeys.toSorted());
    assert.equal(await codeOf(['zone', 'submit', 'late.draft', '--yes'], 1), 'ZONE_KEYS_VERSION');
    assert.deepEqual(await drafts(), [], 'drafts under former keys wait no more');
  });

  test('whoever has no account of the operator leaves the whole draft at the gateway', async () => {
    await draftPlans('e.draft', 17_000);
    await sign('e.draft', ben, clara);
    const elsewhere = ['--data', file('nowhere'), '--policy', join(data, 'city.policy')];
    const { stderr } = await run(['zone', 'submit', 'e.draft', ...elsewhere]);
    assert.match(stderr, /Enough keys signed\. The operator puts it into force/);
    assert.match((await run(['zone', 'submit', 'e.draft', '--data', file('nowhere')], 2)).stderr, /No policy file is at hand/);
  });
});
