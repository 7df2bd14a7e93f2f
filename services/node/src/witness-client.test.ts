import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import type { ErrorCode, Rejection } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy } from '@oppidum/formats/policy';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { CheckpointPublisher } from './publisher.ts';
import { TileLog } from './tile-log.ts';
import { openWitnessSeed, Witness } from './witness.ts';
import { WitnessClient } from './witness-client.ts';
import { WitnessPanel } from './witness-panel.ts';
import { serveWitness } from './witness-server.ts';

const origin = 'log.oppidum.example';
const logKey = namedSigner('log');
const keyOf = (name: string): VerifierKey => ({ name, algorithm: 'cosignature', publicKey: namedSigner(name).publicKey });
const logs: Policy['logs'] = [{ key: { name: origin, algorithm: 'log', publicKey: logKey.publicKey }, url: null }];
const openPolicy: Policy = { logs, witnesses: [], groups: [], quorum: null };

const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-client-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function logOf(count: number, kind = 'entry'): TileLog {
  const log = TileLog.open({ folder: makeFolder(), crypto });
  log.append(Array.from({ length: count }, (_, i) => encodeUtf8(`${kind} ${i}`)));
  return log;
}

const signed = (log: TileLog, size = log.size): Bytes => signCheckpoint(crypto, logKey, { origin, size, root: log.root(size) });

/** A running witness of that name and its address; `port` to come back on the same one. */
async function startWitness(name: string, options: { folder?: string; port?: number } = {}) {
  const folder = options.folder ?? makeFolder();
  await openWitnessSeed(folder, () => new Uint8Array(32));
  const witness = Witness.open({
    folder,
    policy: openPolicy,
    crypto,
    signer: namedSigner(name),
    name,
    nowS: () => 1_700_000_000,
  });
  const server = await serveWitness({ witness, host: '127.0.0.1', port: options.port ?? 0, onFault: () => undefined });
  cleanups.push(() => server.close());
  return { folder, port: server.port, url: `http://127.0.0.1:${server.port}/`, close: server.close };
}

async function startStranger(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Only a witness that hangs takes so long. */
const PATIENCE_MS = 60_000;

const clientOf = (url: string, name = 'w1', timeoutMs = PATIENCE_MS): WitnessClient =>
  new WitnessClient({ url, key: keyOf(name), crypto, timeoutMs });

describe('witness client', () => {
  test('learns the size of the witness, then proves from it; another client of the log as well', async () => {
    const { url } = await startWitness('w1');
    const log = logOf(100);
    const [first, second] = [clientOf(url), clientOf(url)];
    for (const [client, size] of [
      [first, 10],
      [second, 20],
      [first, 50],
      [first, 50],
      [second, 100],
      [clientOf(url), 100],
    ] as const)
      assert.ok('line' in (await client.cosign(signed(log, size), log)), `${size}`);
    const behind = await first.cosign(signed(log, 60), log);
    assert.equal((behind as Rejection).code, 'WITNESS_REFUSED', 'it cosigned a larger one already');
  });

  test('another history is told apart from an outage', async () => {
    const { url } = await startWitness('w1');
    const log = logOf(50);
    assert.ok('line' in (await clientOf(url).cosign(signed(log), log)));
    const cases: readonly [TileLog, string][] = [
      [logOf(50, 'other'), 'same size'],
      [logOf(70, 'other'), 'larger'],
      [logOf(30, 'other'), 'smaller'],
    ];
    for (const [fork, what] of cases) {
      const answer = await clientOf(url).cosign(signed(fork), fork);
      assert.equal((answer as Rejection).code, 'WITNESS_CONFLICT', what);
    }
  });

  test('refusals', async () => {
    const log = logOf(5);
    const table: readonly [string, RequestListener, ErrorCode][] = [
      ['403', (_, response) => void response.writeHead(403).end('no'), 'WITNESS_REFUSED'],
      ['404', (_, response) => void response.writeHead(404).end(), 'WITNESS_REFUSED'],
      ['503', (_, response) => void response.writeHead(503).end(), 'WITNESS_UNREACHABLE'],
      ['no lines', (_, response) => void response.end('fine\n'), 'WITNESS_UNREACHABLE'],
      ['409 without a size', (_, response) => void response.writeHead(409).end('7\n'), 'WITNESS_UNREACHABLE'],
      [
        '409 of another kind',
        (_, response) => void response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('x'),
        'WITNESS_UNREACHABLE',
      ],
      [
        '409 with more than we have',
        (_, response) => void response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('6\n'),
        'WITNESS_CONFLICT',
      ],
      ['a flood', (_, response) => void response.end(new Uint8Array(100_000)), 'WITNESS_UNREACHABLE'],
      [
        'elsewhere',
        (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
        'WITNESS_UNREACHABLE',
      ],
      ['silence', () => undefined, 'WITNESS_UNREACHABLE'],
      ['hanging up', (request) => void request.socket.destroy(), 'WITNESS_UNREACHABLE'],
    ];
    for (const [what, listener, code] of table) {
      const url = await startStranger(listener);
      const answer = await clientOf(url, 'w1', what === 'silence' ? 300 : PATIENCE_MS).cosign(signed(log), log);
      assert.equal((answer as Rejection).code, code, what);
    }
    let count = 0;
    const restless: RequestListener = (_, response) => {
      count++;
      response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${1 + (count % 4)}\n`);
    };
    assert.equal(
      ((await clientOf(await startStranger(restless)).cosign(signed(log), log)) as Rejection).code,
      'WITNESS_UNREACHABLE',
    );
    const other = await startWitness('w2');
    const answer = await clientOf(other.url, 'w1').cosign(signed(log), log);
    assert.equal((answer as Rejection).code, 'WITNESS_UNREACHABLE', 'a cosignature by another key is none');
  });
});

const witnessed = (names: readonly string[], threshold: number): Policy => ({
  logs,
  witnesses: names.map((name) => ({ name, key: keyOf(name), url: null })),
  groups: [{ name: 'outside', threshold, members: names }],
  quorum: 'outside',
});
/** Nobody listens on the discard port here. */
const NOWHERE = 'http://127.0.0.1:9';

describe('witness panel', () => {
  test('gathers what comes; without a quorum to meet nobody is waited for long', async () => {
    const log = logOf(20);
    let askedCount = 0;
    const slow = await startStranger(() => {
      askedCount++;
    });
    const clients = [clientOf((await startWitness('w1')).url), clientOf(NOWHERE, 'w2'), clientOf(slow, 'w3')];
    const refusals: { readonly code: string; readonly atMs: number }[] = [];
    const onRefusal = ({ code }: Rejection): void => void refusals.push({ code, atMs: performance.now() });
    const panel = new WitnessPanel({ crypto, clients, policy: () => null, waitMs: 100, onRefusal });
    const begun = performance.now();
    let note = await panel.cosign(signed(log), log);
    assert.ok(performance.now() - begun >= 95, 'the slow one is given its time');
    const countIn = (file: Bytes | null): number =>
      evaluatePolicy(crypto, witnessed(['w1', 'w2', 'w3'], 1), file!).cosignatures.length;
    // On a machine that does much else the good one may be too late as well, and is asked again.
    while (countIn(note) === 0) note = await panel.cosign(signed(log), log);
    assert.equal(countIn(note), 1);
    await panel.cosign(signed(log), log);
    assert.equal(askedCount, 1, 'who has not answered yet is left alone');
    assert.deepEqual(new Set(refusals.map(({ code }) => code)), new Set(['WITNESS_UNREACHABLE']));
    const pausesMs = refusals.slice(1).map(({ atMs }, i) => atMs - (refusals[i]?.atMs ?? 0));
    assert.ok(
      pausesMs.every((ms) => ms >= 990),
      `who refused is left alone for a second: ${pausesMs}`,
    );
  });

  test('a quorum is waited for, but not longer than it takes', async () => {
    const log = logOf(20);
    const slow = await startStranger(() => undefined);
    const { url } = await startWitness('w1');
    const panelOf = (threshold: number, slowMs: number) =>
      new WitnessPanel({
        ...{ crypto, clients: [clientOf(url), clientOf(slow, 'w2', slowMs)] },
        policy: () => witnessed(['w1', 'w2'], threshold),
      });
    let isSlowOver = false;
    void clientOf(slow, 'w2')
      .cosign(signed(log), log)
      .finally(() => {
        isSlowOver = true;
      });
    const note = await panelOf(1, PATIENCE_MS).cosign(signed(log), log);
    assert.equal(isSlowOver, false, 'who asked the slow one before still waits');
    assert.equal(evaluatePolicy(crypto, witnessed(['w1', 'w2'], 1), note!).quorum, 'met');
    assert.equal(await panelOf(2, 1_000).cosign(signed(log), log), null);
  });

  test('a checkpoint whose quorum includes a witness is published when the witness is back', async () => {
    const folder = makeFolder();
    const log = TileLog.open({ folder, crypto });
    const first = await startWitness('w1');
    await first.close();
    const witnesses = new WitnessPanel({ crypto, clients: [clientOf(first.url)], policy: () => witnessed(['w1'], 1) });
    const sign = async (head: { size: number; root: Bytes }): Promise<Bytes> =>
      signCheckpoint(crypto, logKey, { origin, ...head });
    const publisher = new CheckpointPublisher({ log, sign, folder, witnesses, intervalMs: 5, retryMs: 30 });
    cleanups.push(() => publisher.close());
    log.append([encodeUtf8('one')]);
    let isPublished = false;
    const done = publisher.flush().then(() => {
      isPublished = true;
    });
    await sleep(150);
    assert.ok(!isPublished && publisher.latest() === null);
    log.append([encodeUtf8('two')]);
    await startWitness('w1', { folder: first.folder, port: first.port });
    await done;
    const { note, size } = publisher.latest()!;
    assert.equal(size, 2, 'what came meanwhile is published at once');
    assert.equal(evaluatePolicy(crypto, witnessed(['w1'], 1), note).quorum, 'met');
  });
});
