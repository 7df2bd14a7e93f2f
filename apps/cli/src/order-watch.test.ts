import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import type { OrderJson } from '@oppidum/gateway/api/orders';
import { draft, enrolLamp, issue, makeZone, runOrderDoors, TestLamp, type TestZone } from '../../../test/support/order-city.ts';
import { skipWithout } from '../../../test/support/programs.ts';
import { eventually, type RunningDoors } from '../../../test/support/running-gateway.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const PEOPLE = ['anna', 'ben', 'clara'] as const;

/** Somebody at a terminal of his own. */
class Person {
  readonly #child: ChildProcess;
  #text = '';
  #readTo = 0;

  constructor(args: readonly string[], cwd: string) {
    const line = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN, ...args].map((word) => `'${word}'`).join(' ');
    this.#child = spawn('script', ['-qfec', line, '/dev/null'], {
      cwd,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
    });
  }

  /** What comes on the screen next that says this. */
  async sees(what: RegExp): Promise<string> {
    const found = await eventually(
      async () => what.exec(this.#text.slice(this.#readTo)),
      (match) => match !== null,
    );
    this.#readTo += (found?.index ?? 0) + (found?.[0].length ?? 0);
    return found?.[0] ?? '';
  }

  types(text: string): void {
    this.#child.stdin?.write(text);
  }

  async leaves(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.types('\u0003');
    await gone;
  }
}

describe('people who approve orders as they come', { skip: skipWithout('script') }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-watch-'));
  let doors: RunningDoors;
  let zone: TestZone;
  let lamp: TestLamp;
  let people: readonly [Person, Person];

  const draftOff = async (lifetimeMs: number): Promise<{ readonly id: string; readonly bytes: Uint8Array }> => {
    const wish = { zone: zone.hex, device: lamp.device.hex, command: 'lamp/off', lifetimeMs };
    const drafted = await eventually(
      () => draft(doors, wish).catch(() => null),
      (value) => value !== null,
    );
    assert.ok(drafted !== null);
    return { id: drafted.order, bytes: drafted.bytes };
  };
  const stateOf = async (id: string): Promise<string> =>
    ((await (await fetch(`${doors.gateway.http}/api/v1/orders/${id}`)).json()) as OrderJson).state;
  const inState = (id: string, state: string) =>
    eventually(
      () => stateOf(id),
      (seen) => seen === state,
    );

  before(async () => {
    doors = await runOrderDoors(join(root, 'city'));
    const signers: Signer[] = [];
    for (const name of PEOPLE) signers.push(ed25519Signer(await readOrMakeSeed(join(root, `${name}.seed`))));
    zone = await makeZone(doors, { dangerousLifetimeMsMax: 60_000 }, 'lamps', signers);
    lamp = await TestLamp.connect(doors, zone, await enrolLamp(doors, zone));
    const watch = (name: string): Person =>
      new Person(
        [
          'order',
          'watch',
          '--approve-with',
          join(root, `${name}.seed`),
          '--api',
          doors.gateway.http,
          '--data',
          join(root, 'city'),
        ],
        root,
      );
    // The first key of the set signs what is ordered; these are the other two.
    const [first] = zone.signers;
    const others = PEOPLE.filter(
      (_name, i) => toHex(signers[i]?.publicKey ?? new Uint8Array()) !== toHex(first?.publicKey ?? new Uint8Array()),
    );
    people = [watch(others[0] as string), watch(others[1] as string)];
    for (const person of people) await person.sees(/Watching orders/);
  });
  after(async () => {
    for (const person of people ?? []) await person.leaves();
    await lamp?.end();
    await doors.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('two who are asked at once about one order both say yes, and the lamp obeys once', async () => {
    const { id, bytes } = await draftOff(60_000);
    assert.equal(await issue(doors, zone, bytes), 'OK');
    for (const person of people) await person.sees(/Approve: lamp\/off .*\[y\/N\]/);
    for (const person of people) person.types('y\n');
    await inState(id, 'applied');
    for (const person of people) await person.sees(/applied/);
    assert.equal(lamp.done.length, 1);
  });

  test('of two orders for one actuator the ledger takes the first; whoever approves the other is told CHALLENGE_SPENT', async () => {
    const [one, other] = [await draftOff(60_000), await draftOff(60_000)];
    assert.notEqual(one.id, other.id);
    for (const { bytes } of [one, other]) assert.equal(await issue(doors, zone, bytes), 'OK');
    const [anna, ben] = people;
    // Each is asked about both, one after the other; the first two answers issue nothing.
    for (const person of [anna, ben]) await person.sees(/\[y\/N\]/);
    anna.types('y\n');
    await anna.sees(/\[y\/N\]/);
    anna.types('y\n');
    ben.types('y\n');
    await ben.sees(/\[y\/N\]/);
    ben.types('y\n');
    await ben.sees(/challenge/i);
    const states = [await stateOf(one.id), await stateOf(other.id)];
    await eventually(
      async () => [await stateOf(one.id), await stateOf(other.id)].sort().join(),
      (seen) => seen === 'applied,awaiting' || seen === 'applied,superseded' || seen === 'applied,expired',
    );
    assert.equal(lamp.done.length, 2, `${states}`);
  });

  test('an order whose time ends while somebody is asked is asked about no longer, and watching goes on', async () => {
    const { id, bytes } = await draftOff(4_000);
    assert.equal(await issue(doors, zone, bytes), 'OK');
    for (const person of people) await person.sees(/\[y\/N\]/);
    await inState(id, 'expired');
    for (const person of people) await person.sees(/waits for nobody any more/);
    for (const person of people) await person.sees(/expired/);
    assert.equal(lamp.done.length, 2);
    const next = await draftOff(60_000);
    assert.equal(await issue(doors, zone, next.bytes), 'OK');
    for (const person of people) await person.sees(/\[y\/N\]/);
    people[0].types('n\n');
    await people[0].sees(/Nothing was done/);
    assert.equal(await stateOf(next.id), 'awaiting');
  });
});
