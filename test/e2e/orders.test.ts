import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { doBy } from '@oppidum/cli/attacks/make-street';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodeBase64, parseHex } from '@oppidum/formats/bytes';
import type { OrderDetailJson } from '@oppidum/gateway/api/orders';
import { makeCompactOrder } from '@oppidum/proofs/make-order';
import { type AgentLamp, startLamp } from '../support/agent-lamp.ts';
import { CityProcess, until } from '../support/city-process.ts';

import { skipWithout } from '../support/programs.ts';
import { actionOf, freshBytes } from '../support/running-city.ts';
import { makeCluster, startCluster } from '../support/started-city.ts';
import {
  draftOf,
  makeStreet,
  order,
  orderAt,
  post,
  replaceStreetKeys,
  type Street,
  signAs,
  throughDoor,
} from '../support/street.ts';

const DANGEROUS = { command: 'light/maintenance', arguments: [1] };

/** A city under test: where it is, its operator's folder, and how it is stopped and started again on the same ports. */
type Running = {
  readonly http: string;
  readonly mqtt: string;
  readonly data: string;
  readonly stop: () => Promise<void>;
  readonly again: () => Promise<Running>;
  /** Stops whoever must agree, without a word, or lets them go on; null where nobody else must. */
  readonly freeze: ((signal: 'SIGSTOP' | 'SIGCONT') => void) | null;
};

async function startEmbedded(root: string): Promise<Running> {
  const data = join(root, 'city');
  const wrap = (city: CityProcess): Running => ({
    ...{ http: city.http, mqtt: city.mqtt, data, freeze: null },
    stop: () => city.end('SIGKILL'),
    again: async () => wrap(await city.again(data)),
  });
  return wrap(await CityProcess.start(data));
}

async function startFour(root: string): Promise<Running> {
  const place = join(root, 'cluster');
  await makeCluster(place);
  const wrap = async (): Promise<Running> => {
    const city = await startCluster(place, ['--no-demo']);
    const data = join(place, 'validator-1');
    const stop = async (): Promise<void> => void (await city.stop());
    const freeze = (signal: 'SIGSTOP' | 'SIGCONT'): void =>
      signalAll(
        [2, 3, 4].map((n) => join(place, `validator-${n}`)),
        signal,
      );
    return { http: city.api, mqtt: city.mqtt, data, stop, again: wrap, freeze };
  };
  return wrap();
}

/** What the door of break-glass takes. */
function glassOf(street: Street, statement: Uint8Array): object {
  const signatures = signAs(street, statement, [0]).map(({ key, signature }) => ({ key, signature: encodeBase64(signature) }));
  return { statement: encodeBase64(statement), signatures };
}

/** Every process that was started with one of these folders. */
function signalAll(folders: readonly string[], signal: NodeJS.Signals): void {
  for (const name of readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry))) {
    const words = readIfThere(`/proc/${name}/cmdline`).split('\0');
    const isTheirs = words.some((word) => folders.some((folder) => word === folder || word.startsWith(`${folder}/`)));
    if (isTheirs) process.kill(Number(name), signal);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

for (const [engine, start, skip] of [
  ['embedded', startEmbedded, false],
  ['four validators', startFour, skipWithout('cometbft')],
] as const)
  describe(`orders from signature to lamp and back: ${engine}`, { skip, timeout: 400_000 }, () => {
    const root = mkdtempSync(join(tmpdir(), 'oppidum-orders-'));
    let city: Running;
    let street: Street;
    let lamp: AgentLamp;
    const device = (): string => (street.lamps[0] as Street['lamps'][number]).hex;
    const startOne = (before?: AgentLamp): Promise<AgentLamp> => {
      const policy = join(city.data, 'city.policy');
      const own = {
        folder: join(root, 'lamps'),
        policy,
        mqtt: city.mqtt,
        street,
        lamp: street.lamps[0] as Street['lamps'][number],
      };
      return startLamp(own, before);
    };
    /** Drafts as soon as the lamp's challenge is known. */
    const whenHeard = (): Promise<void> =>
      until('the lamp is heard of', async () => {
        const answer = await fetch(`${city.http}/api/v1/zones/${street.hex}`);
        return answer.status === 200 && ((await answer.json()) as { readonly challengedCount: number }).challengedCount === 1;
      });
    const inState = async (id: string, state: string): Promise<OrderDetailJson> => {
      let seen: OrderDetailJson | null = null;
      await until(
        `order ${id} is ${state}`,
        async () => {
          seen = await orderAt(city.http, id).catch(() => null);
          return seen?.state === state;
        },
        () => JSON.stringify(seen),
      );
      return seen as unknown as OrderDetailJson;
    };

    before(async () => {
      city = await start(root);
      street = await makeStreet(city.data, city.http, 1);
      lamp = await startOne();
      await whenHeard();
    });
    after(async () => {
      await lamp?.stop();
      await city?.stop();
      street?.api.close();
      rmSync(root, { recursive: true, force: true });
    });

    test('issued, obeyed once, and signed for', async () => {
      const id = await order(city.http, street, { device: device(), command: 'light/full' });
      const seen = await inState(id, 'applied');
      assert.equal(seen.answers.at(-1)?.kind, 'applied');
      assert.equal(lamp.done.filter((command) => command === 'light/full').length, 1);
    });

    test('a dangerous one waits for its second key; cancelled, it is obeyed by nobody', async () => {
      await whenHeard();
      const id = await order(city.http, street, { device: device(), ...DANGEROUS });
      assert.equal((await inState(id, 'awaiting')).needed, 2);
      const { statement } = (await orderAt(city.http, id)) as OrderDetailJson;
      const signatures = signAs(street, new Uint8Array(Buffer.from(statement, 'base64')), [1]);
      await doBy(street, [actionOf('order/approve', { id: parseHex(id), signatures })]);
      await inState(id, 'applied');
      await whenHeard();
      const next = await order(city.http, street, { device: device(), ...DANGEROUS });
      await doBy(street, [actionOf('order/cancel', { id: parseHex(next) })]);
      await inState(next, 'cancelled');
      await assert.rejects(
        doBy(street, [actionOf('order/approve', { id: parseHex(next), signatures })]),
        (error: { readonly code?: string }) => error.code === 'ORDER_CLOSED',
      );
      assert.equal(lamp.done.filter((command) => command === 'light/maintenance').length, 1);
    });

    test('an order that the lamp never gets expires', async () => {
      await whenHeard();
      await lamp.stop();
      const id = await order(city.http, street, { device: device(), command: 'light/programme', lifetimeMs: 3_000 });
      await inState(id, 'expired');
      lamp = await startOne(lamp);
      assert.ok(!lamp.done.includes('light/programme'));
    });

    test('every party is started anew in between: what was ordered of the lamp before is void, what is ordered after is done', async () => {
      await whenHeard();
      const id = await order(city.http, street, { device: device(), command: 'light/programme' });
      await city.stop();
      const doneBefore = lamp.done.length;
      await lamp.stop();
      city = await city.again();
      street.api.close();
      street = throughDoor(street, city.data, city.http);
      lamp = await startOne(lamp);
      await until('the order is answered', async () => {
        const seen = await orderAt(city.http, id).catch(() => null);
        return seen?.state === 'rejected' || seen?.state === 'applied';
      });
      const seen = (await orderAt(city.http, id)) as OrderDetailJson;
      // Handed over before the end, it was obeyed; after it, its challenge was void. Never twice.
      assert.equal(lamp.done.length - doneBefore <= 1, true);
      if (seen.state === 'rejected') assert.equal(seen.answers.at(-1)?.code, 'CHALLENGE_SPENT');
      await until(
        'the lamp is heard of',
        async () => (await order(city.http, street, { device: device(), command: 'light/full' }).catch(() => null)) !== null,
      );
      await until('it does as it is told', () => lamp.done.filter((command) => command === 'light/full').length >= 2);
    });

    test('forgeries and replays are refused at every hop, each with its code', async () => {
      await whenHeard();
      // The city's time is that of now.
      await inState(await order(city.http, street, { device: device(), command: 'light/full' }), 'applied');
      await whenHeard();
      const { statement, id } = await draftOf(city.http, street, { device: device(), command: 'light/full' });
      const codeOf = (work: Promise<unknown>): Promise<string> =>
        work.then(
          () => 'OK',
          (error: { readonly code?: string }) => error.code ?? '',
        );
      const strange = signAs({ ...street, signers: [...street.signers].reverse() }, statement, [0]);
      assert.equal(
        await codeOf(doBy(street, [actionOf('order/issue', { statement, signatures: strange })])),
        'SIGNATURE_INVALID',
      );
      const signatures = signAs(street, statement, [0]);
      const issue = [actionOf('order/issue', { statement, signatures })];
      const altered = statement.map((byte, i) => (i === statement.length - 1 ? byte ^ 1 : byte));
      assert.notEqual(await codeOf(doBy(street, [actionOf('order/issue', { statement: altered, signatures })])), 'OK');
      await doBy(street, issue);
      assert.equal(await codeOf(doBy(street, issue)), 'ORDER_EXISTS');
      await inState(id, 'applied');
      const glass = {
        statement: Buffer.from(statement).toString('base64'),
        signatures: signatures.map(({ key, signature }) => ({ key, signature: Buffer.from(signature).toString('base64') })),
      };
      const answer = await post(city.http, '/api/v1/orders/break-glass', glass);
      assert.equal(((await answer.json()) as { readonly code: string }).code, 'ORDER_MODE');
      const count = lamp.done.length;
      await lamp.receive(Uint8Array.of(0x85, 1));
      await lamp.receive(new Uint8Array(100));
      assert.equal(lamp.done.length, count);
      assert.ok(lamp.troubles.length > 0);
    });

    test('break-glass moves the lamp without the ledger, and in no other direction', async () => {
      await whenHeard();
      const give = async (wish: { readonly command: string }): Promise<string> => {
        const { statement } = await draftOf(city.http, street, { device: device(), ...wish, mode: 'break-glass' });
        const signatures = signAs(street, statement, [0, 1]).map(({ key, signature }) => ({
          key,
          signature: Buffer.from(signature).toString('base64'),
        }));
        const answer = await post(city.http, '/api/v1/orders/break-glass', {
          statement: Buffer.from(statement).toString('base64'),
          signatures,
        });
        return answer.status === 200 ? 'OK' : ((await answer.json()) as { readonly code: string }).code;
      };
      assert.equal(await give(DANGEROUS), 'DIRECTION_UNSAFE');
      const count = lamp.done.length;
      assert.equal(await give({ command: 'light/full' }), 'OK');
      await until('the lamp is bright', () => lamp.done.length === count + 1);
      await until('it told so', async () => {
        const { items } = (await (await fetch(`${city.http}/api/v1/orders/local`)).json()) as {
          readonly items: readonly unknown[];
        };
        return items.length > 0;
      });
    });

    test('new order keys reach a lamp that nobody orders, also over restarts; former ones move it no more', async () => {
      await whenHeard();
      const keysOf = (): number => lamp.pins().keys.version;
      const former = street;
      const glass = await draftOf(city.http, former, { device: device(), command: 'light/full', mode: 'break-glass' });
      const stolen = { statement: glass.statement, signatures: signAs(former, glass.statement, [0]) };
      street = await replaceStreetKeys(street, [ed25519Signer(freshBytes(32)), ed25519Signer(freshBytes(32))]);
      await until('the lamp has the new keys', () => keysOf() === 2);
      const count = lamp.done.length;
      await lamp.receive(makeCompactOrder(stolen, null, null));
      assert.equal(lamp.troubles.at(-1), 'ZONE_KEYS_VERSION');
      const answer = await post(city.http, '/api/v1/orders/break-glass', glassOf(former, glass.statement));
      assert.equal(((await answer.json()) as { readonly code: string }).code, 'ZONE_KEYS_VERSION');
      assert.equal(lamp.done.length, count);

      await lamp.stop();
      street = await replaceStreetKeys(street, [ed25519Signer(freshBytes(32)), ed25519Signer(freshBytes(32))]);
      await city.stop();
      city = await city.again();
      street.api.close();
      street = throughDoor(street, city.data, city.http);
      lamp = await startOne(lamp);
      await until('the lamp has those that came while everybody was away', () => keysOf() === 3);
      await whenHeard();
      await inState(await order(city.http, street, { device: device(), command: 'light/full' }), 'applied');
    });

    if (engine === 'embedded') return;

    test('while nobody agrees break-glass works, and nothing else', async () => {
      const { freeze } = city;
      assert.ok(freeze !== null);
      await whenHeard();
      const dark = await draftOf(city.http, street, { device: device(), command: 'light/programme' });
      const full = await draftOf(city.http, street, { device: device(), command: 'light/full', mode: 'break-glass' });
      const count = lamp.done.length;
      let outcome = 'none yet';
      freeze('SIGSTOP');
      try {
        const signatures = signAs(street, dark.statement, [0]);
        const issuing = doBy(street, [actionOf('order/issue', { statement: dark.statement, signatures })]).then(
          () => 'OK',
          (error: { readonly code?: string }) => error.code ?? String(error),
        );
        void issuing.then((code) => {
          outcome = code;
        });
        const { status } = await post(city.http, '/api/v1/orders/break-glass', glassOf(street, full.statement));
        assert.equal(status, 200);
        await until('the lamp is bright', () => lamp.done.length > count);
        assert.deepEqual(lamp.done.slice(count), ['light/full']);
        assert.notEqual(outcome, 'OK');
        assert.notEqual((await orderAt(city.http, dark.id))?.status, 'issued');
      } finally {
        freeze('SIGCONT');
      }
      await until('the city answers', () => outcome !== 'none yet');
      if (outcome === 'OK') await inState(dark.id, 'rejected');
      assert.deepEqual(lamp.done.slice(count), ['light/full'], 'the challenge that the other order names was spent');
    });
  });
