/** Two telemetry processes on one node, devices split by id: whatever becomes of one, the other goes on, and nothing acknowledged is lost. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { activateDevice, createModel, makeTransaction, registerDevices } from '@oppidum/device/actions';
import { type Bytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { describeError } from '@oppidum/formats/errors';
import { parsePolicy } from '@oppidum/formats/policy';
import { encodeReadingBatch, parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import type { IngestAnswer } from '@oppidum/telemetry/client';
import { RemoteShard } from '@oppidum/telemetry/remote-shard';
import { shardSocket } from '@oppidum/telemetry/shard-door';
import { admitMaker, CityProcess, listReadings, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';
import { TestDevice } from '../support/running-shard.ts';

const CLI = fileURLToPath(import.meta.resolve('@oppidum/cli/main'));
const MAIN = fileURLToPath(import.meta.resolve('@oppidum/telemetry/telemetry-main'));
const DEVICE_COUNT = 20;
const BATCH_COUNT = 40;

type Shard = {
  readonly id: string;
  readonly number: number;
  readonly origin: string;
  readonly size: number;
  readonly anchoredSize: number;
  readonly accepts: boolean;
};
/** A device with what it sent and what became of it. */
type Sender = { readonly device: TestDevice; sequence: number; readonly kept: Bytes[]; unanswered: Bytes[]; shard: string };

let city: CityProcess;
let data: string;
let release: () => void = () => undefined;
let done: Promise<unknown>;
let senders: Sender[];

const shards = async (): Promise<readonly Shard[]> =>
  ((await (await fetch(`${city.http}/api/v1/city`)).json()) as { readonly shards: readonly Shard[] }).shards;
const allAccept = async (): Promise<boolean> => {
  const found = await shards();
  return found.length === 2 && found.every(({ accepts }) => accepts);
};
/** The process that holds a folder. */
const holderOf = (folder: string): number =>
  (JSON.parse(readFileSync(join(data, folder, 'lock'), 'utf8')) as { readonly pid: number }).pid;

/** Sends what has no answer yet and one more reading of each; counts the codes of what passed. */
async function send(of: readonly Sender[]): Promise<Map<string, number>> {
  const codes = new Map<string, number>();
  const batch = of.flatMap((sender) => {
    sender.unanswered.push(sender.device.sign(++sender.sequence));
    return sender.unanswered.map((envelope) => ({ sender, envelope }));
  });
  const response = await fetch(`${city.http}/api/v1/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/cbor', accept: 'application/cbor' },
    body: new Uint8Array(encodeReadingBatch(batch.map(({ envelope }) => envelope))),
  });
  if (response.status === 503) {
    assert.ok(Number(response.headers.get('retry-after')) > 0, 'says when to come again');
    return codes.set('503', batch.length);
  }
  assert.equal(response.status, 200);
  const answers = parseReadingAnswers(new Uint8Array(await response.arrayBuffer()));
  for (const [i, answer] of answers.entries()) {
    const { sender, envelope } = batch[i]!;
    if ('receipt' in answer && answer.receipt !== undefined) {
      sender.unanswered = sender.unanswered.filter((other) => other !== envelope);
      sender.kept.push(crypto.sha256(envelope));
      sender.shard = toHex(parseReceipt(answer.receipt).leaf.shard);
    } else codes.set(String(answer.code), (codes.get(String(answer.code)) ?? 0) + 1);
  }
  return codes;
}

async function assertProven(digest: Bytes): Promise<void> {
  const policy = parsePolicy(crypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
  let file: Bytes = new Uint8Array();
  await until('its evidence is there', async () => {
    const response = await fetch(`${city.http}/api/v1/evidence/${toHex(digest)}`, { headers: { accept: 'application/cbor' } });
    file = new Uint8Array(await response.arrayBuffer());
    return response.status === 200;
  });
  assert.equal(verifyEvidence(crypto, file, { policy }).verdict, 'OK');
}

before(async () => {
  const open = Promise.withResolvers<string>();
  done = inTemporaryFolder(async (folder) => {
    open.resolve(folder);
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  data = await open.promise;
  city = await CityProcess.start(data, undefined, ['--shards', '2']);
  await until('both shards accept', allAccept);
  senders = await enrol(DEVICE_COUNT);
});
after(async () => {
  await city?.end('SIGTERM');
  release();
  await done;
});

/** Enrols devices of a model of their own. */
async function enrol(count: number): Promise<Sender[]> {
  const { api, records, manufacturer, maker } = await admitMaker(city, data);
  const model = { id: freshBytes(32), name: 'Lamp 1', deviceType: 'street-light', personal: false, simulated: false };
  const devices = Array.from({ length: count }, () => new TestDevice(records.audience));
  const fresh = devices.map(({ id, signers }) => ({ id, model: model.id, signer: signers[0]!, grade: 'device' as const }));
  const made = await api.submit(
    makeTransaction(records.audience, [createModel(manufacturer, model), registerDevices(model.id, fresh)], [maker]),
  );
  assert.equal(made.code, 'OK');
  const activations = fresh.map((device) => activateDevice(records.audience, made.id, device));
  assert.equal((await api.submit(makeTransaction(records.audience, activations, [maker]))).code, 'OK');
  api.close();
  return devices.map((device) => ({ device, sequence: 0, kept: [], unanswered: [], shard: '' }));
}

describe('two telemetry processes on one node', { concurrency: false }, () => {
  test('devices are split by id, and each shard has its tiles, receipts and evidence', async () => {
    assert.deepEqual(Object.fromEntries(await send(senders)), {});
    const [zero, one] = await shards();
    const counts = [zero, one].map((shard) => senders.filter((sender) => sender.shard === shard?.id).length);
    assert.ok(counts.every((count) => count! > 0) && counts[0]! + counts[1]! === DEVICE_COUNT, counts.join(' and '));
    await until('both are anchored', async () =>
      (await shards()).every(({ size, anchoredSize }) => size > 0 && anchoredSize === size),
    );
    for (const { number, origin } of await shards()) {
      const checkpoint = await (await fetch(`${city.http}/shards/${number}/checkpoint`)).text();
      assert.ok(checkpoint.startsWith(`${origin}\n`), checkpoint);
    }
    for (const { kept } of senders) await assertProven(kept[0]!);
    await until('the read model has both', async () => (await listReadings(city.http)).length === DEVICE_COUNT);
  });

  test('one is killed under load: the other goes on; it comes back, and nothing that was acknowledged is missing', async () => {
    const [zero, one] = await shards();
    const [others, theirs] = [zero, one].map((shard) => senders.filter((sender) => sender.shard === shard?.id));
    const pid = holderOf('shards/1');
    const seen = new Map<string, number>();
    let keptMeanwhile = 0;
    for (let n = 0; n < BATCH_COUNT; n++) {
      const before = others!.reduce((sum, { kept }) => sum + kept.length, 0);
      const sending = send(senders);
      if (n === 5) process.kill(pid, 'SIGKILL');
      for (const [code, count] of await sending) seen.set(code, (seen.get(code) ?? 0) + count);
      if (n > 5) keptMeanwhile += others!.reduce((sum, { kept }) => sum + kept.length, 0) - before;
    }
    assert.deepEqual([...seen.keys()], ['NOT_READY']);
    assert.equal(keptMeanwhile, (BATCH_COUNT - 6) * others!.length, 'a receipt for every reading of the other shard');
    assert.ok(others!.every(({ unanswered }) => unanswered.length === 0));

    await until('it is started again', allAccept);
    assert.notEqual(holderOf('shards/1'), pid);
    await until('the rest is taken', async () => {
      await send(theirs!);
      return senders.every(({ unanswered }) => unanswered.length === 0);
    });
    const kept = senders.flatMap((sender) => sender.kept.map(toHex));
    await until('every acknowledged reading is listed', async () => {
      const listed = new Set((await listReadings(city.http)).map(({ id }) => id));
      return kept.every((id) => listed.has(id));
    });
    await until('all is anchored', async () => (await shards()).every(({ size, anchoredSize }) => anchoredSize === size));
    for (const sender of senders) for (const digest of sender.kept.slice(-3)) await assertProven(digest);
  });

  test('a shard that is stopped is taken for away: its devices hear so, and get their first receipts when it runs again', async () => {
    const one = (await shards()).find(({ number }) => number === 1)!;
    const [theirs, others] = [senders.filter(({ shard }) => shard === one.id), senders.filter(({ shard }) => shard !== one.id)];
    const pid = holderOf('shards/1');
    process.kill(pid, 'SIGSTOP');
    try {
      const codes = [...(await send(theirs)).keys()];
      assert.ok(codes.length === 1 && (codes[0] === 'NOT_READY' || codes[0] === '503'), codes.join());
      assert.equal((await send(others)).size, 0);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('it accepts again', allAccept);
    await until('all are taken', async () => (await send(theirs)).size === 0);
    assert.equal(holderOf('shards/1'), pid, 'the same process');
    await until('all is anchored', async () => (await shards()).every(({ size, anchoredSize }) => anchoredSize === size));
    const { size } = (await shards()).find(({ number }) => number === 1)!;
    const kept = theirs.reduce((sum, sender) => sum + sender.kept.length, 0);
    assert.equal(size, kept, 'nothing is kept twice');
  });

  test('a stopped node is silent: after a second nothing is acknowledged, and all goes on when it runs again', async () => {
    const one = (await shards()).find(({ number }) => number === 1)!;
    const genesisHash = senders[0]!.device.audience;
    const place = { id: parseHex(one.id, 32), number: 1, origin: one.origin, tilesFolder: '' };
    const codeOf = (answer: IngestAnswer): string => (answer.kind === 'passing' ? answer.rejection.code : answer.kind);
    const remote = new RemoteShard({ path: join(data, shardSocket(1)), genesisHash, ...place });
    const sender = senders.find(({ shard }) => shard === one.id)!;
    const node = holderOf('.');
    /** Until it is kept: on a machine that does much else, a link or a node may seem away for a moment. */
    const keep = async (): Promise<IngestAnswer & { readonly kind: 'kept' }> => {
      const envelope = sender.device.sign(++sender.sequence);
      for (;;) {
        const answer = await remote.client.ingest(envelope);
        if (answer.kind === 'kept') return answer;
        assert.ok(['NODE_SILENT', 'NOT_READY'].includes(codeOf(answer)), codeOf(answer));
        await sleep(50);
      }
    };
    try {
      const first = await keep();
      process.kill(node, 'SIGSTOP');
      // What the rule gives the shard; it may be later, and never sooner.
      await sleep(1_000);
      let silentCount = 0;
      await until('it says often enough that its node is silent', async () => {
        const code = codeOf(await remote.client.ingest(sender.device.sign(sender.sequence + 1)));
        // This end of the link takes a shard for away that it did not hear for two seconds, as when it did not run itself.
        assert.ok(code === 'NODE_SILENT' || code === 'NOT_READY', code);
        if (code === 'NODE_SILENT') silentCount++;
        return silentCount === 20;
      });
      process.kill(node, 'SIGCONT');
      const again = await keep();
      assert.ok(equalBytes(again.device, sender.device.id));
      assert.equal(again.index, first.index + 1, 'nothing was kept in between');
    } finally {
      process.kill(node, 'SIGCONT');
      await remote.close();
    }
  });

  test('a killed node takes its shards along; the next start finds both as they were, and the folder is sound', async () => {
    const pid = holderOf('shards/1');
    await city.end('SIGKILL');
    await until('the shard is gone', () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    city = await CityProcess.start(data, undefined, ['--start-shards', 'no']);
    const known = await shards();
    assert.deepEqual(
      known.map(({ number, accepts }) => [number, accepts]),
      [
        [0, true],
        [1, false],
      ],
      'started without its process',
    );
    const homeless = senders.filter(({ shard }) => shard === known[1]?.id);
    assert.deepEqual([...(await send(homeless)).keys()], ['503']);
    await city.end('SIGTERM');

    city = await CityProcess.start(data);
    await until('both accept', allAccept);
    await until('the rest is taken', async () => {
      await send(homeless);
      return homeless.every(({ unanswered }) => unanswered.length === 0);
    });
    await city.end('SIGTERM');
    const { code, stdout } = await runCommand(['fsck', '--data', data]);
    assert.equal(code, 0, stdout);
  });

  test('a shard says why it cannot start', async () => {
    city = await CityProcess.start(data, undefined, ['--start-shards', 'no']);
    const start = (number: string) =>
      spawnSync(process.execPath, [MAIN, '--data', data, '--shard', number], { encoding: 'utf8', timeout: 30_000 });
    const undeclared = start('7');
    assert.match(undeclared.stderr, /No such shard/);
    assert.equal(undeclared.status, 1);
    assert.equal(start('x').status, 2);
    const socket = join(data, shardSocket(1));
    rmSync(socket, { force: true });
    writeFileSync(socket, 'something else');
    const refused = start('1');
    const facts = { socket: shardSocket(1), reason: 'something else has its name' };
    assert.ok(refused.stderr.includes(describeError('SOCKET_REFUSED', facts)), refused.stderr);
    assert.equal(refused.status, 1);
    rmSync(socket);
  });

  test('a shard that is a service of its own waits for its node, follows it, and stops when it is told to', async () => {
    const start = (): ChildProcess =>
      spawn(process.execPath, [CLI, 'shard', 'start', '1', '--data', data], { stdio: ['ignore', 'ignore', 'ignore'] });
    const stop = async (child: ChildProcess): Promise<number> => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      return ((await ended) as [number])[0];
    };
    const service = start();
    await until('it takes readings', allAccept);
    const { http } = city;
    await city.end('SIGKILL');
    city = await CityProcess.start(data, { http: Number(new URL(http).port), mqtt: 0 }, ['--start-shards', 'no']);
    await until('it has found the new node', allAccept);
    await until('all are taken', async () => (await send(senders)).size === 0);
    assert.equal(await stop(service), 0);
    await until('it is away', async () => !(await allAccept()));

    await city.end('SIGTERM');
    const early = start();
    await until('it holds its folder', () => existsSync(join(data, 'shards', '1', 'lock')));
    const busy = await runCommand(['fsck', '--data', data]);
    assert.equal(busy.code, 5, 'nothing is checked while a shard runs');
    assert.equal(await stop(early), 0);
    city = await CityProcess.start(data);
  });

  test('shards are declared and retired while the city runs: keys of before stay, those of a retired one are told so', async () => {
    await city.end('SIGTERM');
    city = await CityProcess.start(data);
    const shard = (...args: string[]) => runCommand(['shard', ...args, '--api', city.http, '--data', data, '--json']);
    const declared = await shard('declare', '2', '--yes');
    assert.equal(declared.code, 0, declared.stderr);
    const { shard: id } = JSON.parse(declared.stdout) as { readonly shard: string };
    const listed = async (): Promise<readonly Shard[]> =>
      (JSON.parse((await shard('list')).stdout) as { readonly items: readonly Shard[] }).items;
    await until('all three accept', async () => (await listed()).filter(({ accepts }) => accepts).length === 3);
    const homes = senders.map((sender) => sender.shard);
    // One in three of them is at home there: as many as it takes.
    const fresh: Sender[] = [];
    while (!fresh.some((sender) => sender.shard === id)) {
      fresh.push(...(await enrol(DEVICE_COUNT)));
      await until('all are taken', async () => (await send([...senders, ...fresh])).size === 0);
    }
    assert.deepEqual(
      senders.map((sender) => sender.shard),
      homes,
      'who was there stays',
    );
    const moved = fresh.filter((sender) => sender.shard === id);
    assert.ok(moved.length > 0 && moved.length < fresh.length);
    await until('it is anchored', async () => (await listed()).every(({ size, anchoredSize }) => anchoredSize === size));
    await assertProven(moved[0]!.kept[0]!);
    assert.ok((await (await fetch(`${city.http}/shards/2/checkpoint`)).text()).includes('/shard-2\n'));

    const retired = await shard('retire', '2', '--reason', 'its disk is old', '--yes');
    assert.equal(retired.code, 0, retired.stderr);
    await until('it accepts nothing', async () => (await listed()).some((one) => one.id === id && !one.accepts));
    assert.deepEqual([...(await send(fresh)).keys()], ['SHARD_RETIRED']);
    assert.ok(fresh.every((sender) => (sender.shard === id) === sender.unanswered.length > 0));
    await assertProven(moved[0]!.kept[0]!);
    assert.equal((await shard('retire', '9', '--reason', 'none', '--yes')).code, 2);
  });
});
