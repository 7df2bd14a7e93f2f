/**
 * Every validator of a city of four is stopped, and one node that only reads is left, as when each body has lost its power but the city's
 * desk has a machine of its own. What can still be known is known there, nothing can be decided, and a lamp can be made bright.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { doBy } from '@oppidum/cli/attacks/make-street';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { encodeBase64, toHex } from '@oppidum/formats/bytes';
import type { CityJson } from '@oppidum/gateway/api-types';
import { growCluster } from '@oppidum/node/grow-cluster';
import { type AgentLamp, startLamp } from '../support/agent-lamp.ts';
import { until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { skipWithout } from '../support/programs.ts';
import { actionOf, freshAccount, freshBytes } from '../support/running-city.ts';
import { makeCluster, type StartedCity, startCity, startCluster } from '../support/started-city.ts';
import { draftOf, makeStreet, order, orderAt, post, type Street, signAs, throughDoor, type Wish } from '../support/street.ts';

const BREAK_GLASS = 'break-glass';

describe('all validators are stopped and a reader is left', { skip: skipWithout('cometbft'), timeout: 900_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-stopped-'));
  const place = join(root, 'cluster');
  const first = join(place, 'validator-1');
  const readerFolder = join(root, 'reader');
  let city: StartedCity;
  let reader: StartedCity;
  let street: Street;
  let lamp: AgentLamp;
  /** What was recorded before. */
  let account = '';
  let ordered = '';

  const device = (): string => (street.lamps[0] as Street['lamps'][number]).hex;
  const get = async <T>(path: string): Promise<{ readonly status: number; readonly json: T }> => {
    const answer = await fetch(`${reader.api}${path}`);
    return { status: answer.status, json: (await answer.json()) as T };
  };
  const cityAt = async (api: string): Promise<CityJson> => (await (await fetch(`${api}/api/v1/city`)).json()) as CityJson;
  const heightOf = async (api: string): Promise<number> => (await cityAt(api)).height;
  /** As soon as the lamp's challenge is known at this door. */
  const draftWhenHeard = async (api: string, wish: Wish): ReturnType<typeof draftOf> => {
    let drafted: Awaited<ReturnType<typeof draftOf>> | null = null;
    await until('the lamp is heard of', async () => {
      drafted = await draftOf(api, street, wish).catch(() => null);
      return drafted !== null;
    });
    return drafted as unknown as Awaited<ReturnType<typeof draftOf>>;
  };
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'OK',
      (error: { readonly code?: string }) => error.code ?? String(error),
    );

  before(async () => {
    await makeCluster(place);
    const siblings = [1, 2, 3, 4].map((n) => join(place, `validator-${n}`));
    const port = await freePorts(1);
    await growCluster({ crypto, folder: readerFolder, name: 'reader', siblings, port, randomBytes: freshBytes });
    city = await startCluster(place, ['--no-demo']);
    reader = await startCity(readerFolder, ['--no-demo', '--mqtts-port', '0']);
    street = await makeStreet(first, city.api, 1);
    const one = street.lamps[0] as Street['lamps'][number];
    // It dials the reader when the first validator is gone.
    const mqtt = `${city.mqtt},${reader.mqtt}`;
    lamp = await startLamp({ folder: join(root, 'lamps'), policy: join(first, 'city.policy'), mqtt, street, lamp: one });
    const { action, id } = freshAccount();
    await doBy(street, [action]);
    account = toHex(id);
    await draftWhenHeard(city.api, { device: device(), command: 'light/full' });
    ordered = await order(city.api, street, { device: device(), command: 'light/full' });
    await until('the lamp did it', async () => (await orderAt(city.api, ordered))?.state === 'applied');
    const { logSize } = await cityAt(city.api);
    // It hears votes only once it has caught up with the blocks, and nobody votes after the stop.
    await until('the reader has every block, cosigned', async () => (await cityAt(reader.api)).checkpoint.size >= logSize);
    await city.stop();
  });

  after(async () => {
    await lamp?.stop();
    await reader?.stop();
    await city?.stop();
    street?.api.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('the reader answers, with evidence that the pinned policy believes', async () => {
    const { status, json } = await get<{ readonly height: number }>('/api/v1/city');
    assert.equal(status, 200);
    assert.ok(json.height > 0);
    assert.ok((await orderAt(reader.api, ordered)) !== null, 'the order of before');
    const words = ['state', 'get', 'account', account, '--json', '--api', reader.api, '--policy', join(first, 'city.policy')];
    const { code, stdout, stderr } = await runCommand(words);
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { readonly verdict: string }).verdict, 'OK');
  });

  test('an order is refused with a code, the next one at once', async () => {
    street.api.close();
    street = throughDoor(street, first, reader.api);
    const { id, statement } = await draftWhenHeard(reader.api, { device: device(), command: 'light/programme' });
    const issuing = [actionOf('order/issue', { statement, signatures: signAs(street, statement, [0]) })];
    const count = lamp.done.length;
    const code = await codeOf(doBy(street, issuing));
    assert.equal(code, 'ENGINE_AWAY');
    assert.equal(await codeOf(doBy(street, [freshAccount().action])), 'ENGINE_AWAY');
    assert.equal(await orderAt(reader.api, id), null);
    assert.equal(lamp.done.length, count);
  });

  test('break-glass reaches the lamp, in the safe direction and in no other', async () => {
    const give = async (wish: Wish): Promise<string> => {
      const { statement } = await draftWhenHeard(reader.api, { ...wish, device: device(), mode: BREAK_GLASS });
      const signatures = signAs(street, statement, [0, 1]).map(({ key, signature }) => ({
        key,
        signature: encodeBase64(signature),
      }));
      const answer = await post(reader.api, '/api/v1/orders/break-glass', { statement: encodeBase64(statement), signatures });
      return answer.status === 200 ? 'OK' : ((await answer.json()) as { readonly code: string }).code;
    };
    const count = lamp.done.length;
    assert.equal(await give({ command: 'light/maintenance', arguments: [1] }), 'DIRECTION_UNSAFE');
    assert.equal(await give({ command: 'light/full' }), 'OK');
    await until('the lamp is bright', () => lamp.done.length > count);
    assert.deepEqual(lamp.done.slice(count), ['light/full']);
  });

  test('when the validators are back the city decides again, and what was refused meanwhile moves nothing', async () => {
    const count = lamp.done.length;
    city = await startCluster(place, ['--no-demo']);
    street.api.close();
    street = throughDoor(street, first, city.api);
    await until('the city decides', async () => (await codeOf(doBy(street, [freshAccount().action]))) === 'OK');
    const height = await heightOf(city.api);
    await until('the reader follows', async () => (await heightOf(reader.api)) >= height);
    assert.deepEqual(lamp.done.slice(count), []);
  });
});
