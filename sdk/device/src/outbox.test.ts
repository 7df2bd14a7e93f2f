import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import fc from 'fast-check';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { inFolder } from '../../../test/support/folder.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import type { Held } from './outbox-port.ts';

const audience = new Uint8Array(32).fill(1);
const device = new Uint8Array(32).fill(2);

function open(path: string | null, options: Partial<Parameters<typeof openOutbox>[0]> = {}): Outbox {
  return openOutbox({ path, crypto: nodeCrypto, audience, ...options });
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'nothing was thrown';
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error);
  }
}

const rejects = (code: string) => (error: unknown) => error instanceof FormatError && error.code === code;

/** A message of its sequence number and a few bytes. */
const message = (sequence: number, size = 10) => new Uint8Array(size).fill(sequence);

test('an outbox resumes where it was closed: messages in order, next number, cursor', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'outbox');
    const outbox = open(path);
    const sender = outbox.sender(device, 0);
    const entries = await Promise.all(
      [1, 2, 3].map((cursor) => outbox.append(sender, (sequence) => message(sequence), { cursor })),
    );
    assert.deepEqual(
      entries.map(({ sequence }) => sequence),
      [1, 2, 3],
    );
    outbox.settle(sender, 2);
    outbox.close();
    const again = open(path);
    const resumed = again.sender(device, 0);
    assert.deepEqual(
      again.unsent(resumed, 0, 10).map(({ sequence, digest }) => [sequence, digest]),
      [1, 3].map((sequence) => [sequence, nodeCrypto.sha256(message(sequence))]),
    );
    assert.deepEqual({ next: resumed.next, cursor: resumed.cursor, count: resumed.count }, { next: 4, cursor: 3, count: 2 });
    assert.equal(again.size, 20);
    for (const suffix of ['', '-wal']) assert.equal(statSync(`${path}${suffix}`).mode & 0o777, 0o600);
    again.close();
  }));

test('senders keep their own sequences in one file', async () => {
  const outbox = open(null);
  const senders = [outbox.sender(device, 0), outbox.sender(device, 1), outbox.sender(new Uint8Array(32).fill(3), 0)];
  for (const sender of senders) await outbox.append(sender, (sequence) => message(sequence));
  for (const sender of senders) assert.equal(outbox.unsent(sender, 0, 10).length, 1);
  outbox.settle(senders[0]!, 1);
  assert.deepEqual(
    senders.map((sender) => outbox.unsent(sender, 0, 10).length),
    [0, 1, 1],
  );
});

test('messages come oldest first, beyond the given number, and settled ones at once no more', async () => {
  const outbox = open(null);
  const sender = outbox.sender(device, 0);
  for (let i = 0; i < 20; i++) await outbox.append(sender, (sequence) => message(sequence));
  outbox.settle(sender, 6);
  const numbers = (after: number, limit: number) => outbox.unsent(sender, after, limit).map(({ sequence }) => sequence);
  assert.deepEqual(numbers(4, 3), [5, 7, 8]);
  outbox.flush();
  assert.deepEqual(numbers(4, 3), [5, 7, 8]);
  assert.equal(outbox.digestOf(sender, 6), null);
});

test('a message that cannot be signed uses up no number', async () => {
  const outbox = open(null);
  const sender = outbox.sender(device, 0);
  const failing = outbox.append(sender, () => {
    throw new FormatError('TOO_LARGE', {});
  });
  await assert.rejects(failing, rejects('TOO_LARGE'));
  assert.equal((await outbox.append(sender, (sequence) => message(sequence))).sequence, 1);
});

test('OUTBOX_FULL at the limit of all and of one, and room again after settling', async () => {
  const outbox = open(null, { sizeMax: 100, senderSizeMax: 60 });
  const [sender, other] = [outbox.sender(device, 0), outbox.sender(device, 1)];
  await outbox.append(sender, (sequence) => message(sequence, 60));
  await assert.rejects(
    outbox.append(sender, (sequence) => message(sequence, 1)),
    rejects('OUTBOX_FULL'),
  );
  await outbox.append(other, (sequence) => message(sequence, 40));
  await assert.rejects(
    outbox.append(other, (sequence) => message(sequence, 1)),
    rejects('OUTBOX_FULL'),
  );
  outbox.settle(sender, 1);
  assert.equal((await outbox.append(sender, (sequence) => message(sequence, 60))).sequence, 2);
});

test('drop-oldest: the oldest of the same sender gives way and is told; nothing of others does', async () => {
  const dropped: number[] = [];
  const onDropped = ({ sequence }: { readonly sequence: number }): unknown => dropped.push(sequence);
  const outbox = open(null, { sizeMax: 100, senderSizeMax: 60, whenFull: 'drop-oldest', onDropped });
  const [sender, other] = [outbox.sender(device, 0), outbox.sender(device, 1)];
  for (let i = 0; i < 6; i++) await outbox.append(sender, (sequence) => message(sequence, 20));
  await outbox.append(other, (sequence) => message(sequence, 40));
  assert.deepEqual(dropped, [1, 2, 3]);
  assert.deepEqual([outbox.unsent(sender, 0, 10).map(({ sequence }) => sequence), sender.size], [[4, 5, 6], 60]);
  // A message that all of a sender's room does not hold is refused, and costs what was there: the rule is the newest first.
  await assert.rejects(
    outbox.append(other, (sequence) => message(sequence, 70)),
    rejects('OUTBOX_FULL'),
  );
});

test('OUTBOX_FULL when the file can grow no more, as on a full disk: no number is used up, what was there stays', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'outbox');
    const outbox = open(path, { fileSizeMax: 64 * 1024 });
    const sender = outbox.sender(device, 0);
    let count = 0;
    await assert.rejects(async () => {
      for (; count < 100; count++) await outbox.append(sender, (sequence) => message(sequence, 8_000));
    }, rejects('OUTBOX_FULL'));
    assert.ok(count > 2 && count < 8, `${count} messages of 8 kB in 64 kB`);
    assert.deepEqual([sender.next, sender.count], [count + 1, count]);
    for (let sequence = 1; sequence <= count; sequence++) outbox.settle(sender, sequence);
    outbox.flush();
    assert.equal((await outbox.append(sender, (sequence) => message(sequence, 8_000))).sequence, count + 1);
    outbox.close();
  }));

test('whatever of the last write is torn off, what was durable before it is there and its number comes again only unsent', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'outbox');
    const outbox = open(path);
    const sender = outbox.sender(device, 0);
    await outbox.append(sender, (sequence) => message(sequence, 500));
    const wholeSize = statSync(`${path}-wal`).size;
    await outbox.append(sender, (sequence) => message(sequence, 500));
    const torn = join(folder, 'torn');
    const [file, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
    for (let size = wholeSize; size < log.length; size += 997) {
      for (const noise of [0, 0x55]) {
        writeFileSync(torn, file);
        // What the disk did not get reads as what stood there before.
        writeFileSync(
          `${torn}-wal`,
          Buffer.concat([log.subarray(0, size), Buffer.alloc(noise === 0 ? 0 : log.length - size, noise)]),
        );
        const again = open(torn);
        const resumed = again.sender(device, 0);
        assert.deepEqual([resumed.next, again.unsent(resumed, 0, 9).map(({ sequence }) => sequence)], [2, [1]]);
        again.close();
      }
    }
    outbox.close();
  }));

test('what waits for the time waits through a restart, takes room, and goes with the message made of it', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'outbox');
    const outbox = open(path, { sizeMax: 50 });
    const sender = outbox.sender(device, 0);
    await outbox.hold(sender, { boot: 'a', counterMs: 1.5 }, message(7, 20));
    await outbox.hold(sender, { boot: 'a', counterMs: 3 }, message(8, 20), 17);
    await assert.rejects(outbox.hold(sender, { boot: 'a', counterMs: 4 }, message(9, 20)), rejects('OUTBOX_FULL'));
    outbox.close();
    const again = open(path, { sizeMax: 50 });
    const resumed = again.sender(device, 0);
    assert.deepEqual([resumed.heldCount, resumed.size, resumed.count, resumed.next, resumed.cursor], [2, 40, 0, 1, 17]);
    assert.equal(again.knownMs(), null);
    const [first, second] = again.held(resumed) as [Held, Held];
    assert.deepEqual([first.boot, first.counterMs, first.payload], ['a', 1.5, message(7, 20)]);
    await again.append(resumed, (sequence) => message(sequence, 30), { held: first, knownMs: 1_000 });
    await assert.rejects(
      again.append(resumed, (sequence) => message(sequence, 30)),
      rejects('OUTBOX_FULL'),
    );
    again.release(resumed, second);
    assert.deepEqual([resumed.heldCount, resumed.size, resumed.count, again.held(resumed)], [0, 30, 1, []]);
    await again.append(resumed, (sequence) => message(sequence, 1), { knownMs: 900 });
    assert.equal(again.knownMs(), 1_000);
    again.close();
  }));

test('refused messages are kept with their receipts, the newest ones', async () => {
  const outbox = open(null, { refusedCountMax: 2 });
  const sender = outbox.sender(device, 0);
  for (const sequence of [1, 2, 3]) {
    await outbox.append(sender, () => message(sequence));
    outbox.refuse(sender, sequence, 'TOO_LARGE', Uint8Array.of(sequence));
  }
  assert.deepEqual(
    outbox.refused(sender).map(({ sequence, code, envelope, receipt }) => [sequence, code, envelope, receipt]),
    [2, 3].map((sequence) => [sequence, 'TOO_LARGE', message(sequence), Uint8Array.of(sequence)]),
  );
  assert.equal(outbox.unsent(sender, 0, 10).length, 0);
});

test('WRONG_CITY for an outbox of another city, OUTBOX_DAMAGED for a file that is none', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'outbox');
    open(path).close();
    assert.equal(
      codeOf(() => open(path, { audience: device })),
      'WRONG_CITY',
    );
    const other = join(folder, 'other');
    writeFileSync(other, 'not an outbox at all, whatever else it is; '.repeat(40));
    assert.equal(
      codeOf(() => open(other)),
      'OUTBOX_DAMAGED',
    );
  }));

test('OUTBOX_LOCKED while another process holds it', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'outbox');
    const holder = open(path);
    const script = `
      import { openOutbox } from '@oppidum/device/outbox';
      import { nativeCrypto } from '@oppidum/crypto/native-crypto';
      try {
        openOutbox({ path: process.argv[1], crypto: nativeCrypto, audience: new Uint8Array(32).fill(1) });
        console.log('opened');
      } catch (error) { console.log(error.code); }`;
    const options = { encoding: 'utf8', cwd: import.meta.dirname } as const;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, path], options);
    assert.equal(stdout.trim(), 'OUTBOX_LOCKED', stderr);
    holder.close();
    open(path).close();
  }));

type Step = {
  readonly kind: 'append' | 'settle' | 'refuse' | 'flush' | 'reopen';
  readonly sender: number;
  readonly pick: number;
};
const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('append', 'append', 'settle', 'refuse', 'flush', 'reopen'),
    sender: fc.integer({ min: 0, max: 2 }),
    pick: fc.nat(50),
  }),
  { maxLength: 60 },
);

test('whatever happens, an outbox holds exactly what was appended and not settled, and repeats no number', () =>
  inFolder({}, async (folder) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const path = join(folder, `outbox-${runs++}`);
        let outbox = open(path);
        const model = [0, 1, 2].map(() => ({ given: 0, held: new Set<number>(), refused: 0 }));
        for (const { kind, sender: which, pick } of script) {
          const sender = outbox.sender(device, which);
          const { held } = model[which]!;
          const chosen = [...held][pick % Math.max(1, held.size)];
          if (kind === 'append') {
            const { sequence } = await outbox.append(sender, (n) => message(n));
            assert.equal(sequence, ++model[which]!.given);
            held.add(sequence);
          } else if (kind === 'flush') outbox.flush();
          else if (kind === 'reopen') {
            outbox.close();
            outbox = open(path);
          } else if (chosen !== undefined) {
            held.delete(chosen);
            if (kind === 'settle') outbox.settle(sender, chosen);
            else outbox.refuse(sender, chosen, 'TOO_LARGE', message(chosen));
            model[which]!.refused += kind === 'refuse' ? 1 : 0;
          }
        }
        for (const [which, { held, refused }] of model.entries()) {
          const sender = outbox.sender(device, which);
          assert.deepEqual(
            outbox.unsent(sender, 0, 100).map(({ sequence }) => sequence),
            [...held].sort((a, b) => a - b),
          );
          assert.equal(sender.count, held.size);
          assert.equal(sender.size, 10 * held.size);
          assert.equal(outbox.refused(sender).length, refused);
        }
        outbox.close();
      }),
      { numRuns: 40 },
    );
  }));
