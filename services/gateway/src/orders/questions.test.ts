import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import { Questions } from './questions.ts';

const WAIT_MS = 60_000;
const ORDER = Uint8Array.of(0xa5);

/** Questions, and the lines by which an order would come to each of them. */
class Door {
  readonly questions = new Questions();
  readonly lines = new Map<string, Set<(order: Uint8Array) => void>>();

  /** What it was answered, once it is; a code where it was refused. */
  ask(device: string, by: string, isOwn = false): { answer: Uint8Array | string | null | undefined } {
    const asked: ReturnType<Door['ask']> = { answer: undefined };
    const listen = (line: (order: Uint8Array) => void) => {
      const lines = this.lines.get(device) ?? new Set();
      this.lines.set(device, lines.add(line));
      return () => void lines.delete(line);
    };
    try {
      const answer = this.questions.ask({ device, by, isOwn }, WAIT_MS, listen);
      void answer.then((order) => Object.assign(asked, { answer: order }));
    } catch (error) {
      assert.ok(error instanceof FormatError);
      asked.answer = error.code;
    }
    return asked;
  }

  send(device: string): void {
    for (const line of [...(this.lines.get(device) ?? [])]) line(ORDER);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('one stranger has a share of the questions, and loses the oldest of them, whatever devices it asks for', async () => {
  const door = new Door();
  const other = door.ask('lamp', 'address 198.51.100.1');
  const asked = Array.from({ length: 600 }, (_, i) => door.ask(`device ${i}`, 'address 192.0.2.1'));
  await settled();
  assert.deepEqual(
    asked.map(({ answer }) => answer),
    asked.map((_, i) => (i < 584 ? null : undefined)),
  );
  assert.equal(other.answer, undefined, 'another caller waits on');
  door.questions.end();
});

test('strangers from everywhere take all places: a device whose challenge came from here gets one, a stranger none: OVERLOADED', async () => {
  const door = new Door();
  const asked = Array.from({ length: 512 }, (_, i) => door.ask(`device ${i}`, `address ${i % 64}`));
  assert.equal(door.ask('lamp', 'one more stranger').answer, 'OVERLOADED');
  const own = door.ask('lamp', 'address of the lamp', true);
  await settled();
  assert.deepEqual([asked[0]?.answer, asked[1]?.answer, own.answer], [null, undefined, undefined]);
  door.send('lamp');
  await settled();
  assert.equal(own.answer, ORDER);
  door.questions.end();
});

test('a stranger never pushes out the question of the device itself, which pushes out strangers first', async () => {
  const door = new Door();
  const first = door.ask('lamp', 'address of the lamp', true);
  const stranger = door.ask('lamp', 'address 192.0.2.1');
  const second = door.ask('lamp', 'address of the lamp', true);
  await settled();
  assert.deepEqual([first.answer, stranger.answer, second.answer], [undefined, null, undefined]);
  assert.equal(door.ask('lamp', 'address 192.0.2.1').answer, 'OVERLOADED');
  const third = door.ask('lamp', 'address of the lamp', true);
  await settled();
  assert.deepEqual([first.answer, second.answer, third.answer], [null, undefined, undefined], 'then its own oldest');
  door.questions.end();
  await settled();
  assert.deepEqual([second.answer, third.answer], [null, null]);
});
