/** What holds for every desk of a demo city: there is none elsewhere, and it is for nobody but who is on the machine. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { CityProcess } from './city-process.ts';
import type { RunningDoors } from './running-gateway.ts';
import { startCity } from './started-city.ts';

/** A path of the API, and a body with which something is begun there. */
export type DeskPlace = { readonly path: string; readonly begin: object };
export type DeskAnswer<T> = { readonly status: number; readonly body: T & { readonly code?: string } };

const METHODS = ['GET', 'POST', 'DELETE'] as const;

/** Asks a desk for something; `body` is sent as JSON. */
export async function askDesk<T>(
  { gateway }: RunningDoors,
  path: string,
  method = 'GET',
  body?: unknown,
  headers: object = {},
): Promise<DeskAnswer<T>> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(`${gateway.http}${path}`, { method, ...json, headers: { ...type, ...headers } });
  return { status: answer.status, body: (await answer.json()) as DeskAnswer<T>['body'] };
}

/** A city that was not started as a demo has none, and its description does not name it. */
export async function assertDeskOfDemo(demo: RunningDoors, plain: RunningDoors, { path, begin }: DeskPlace): Promise<void> {
  for (const method of METHODS) {
    const { status, body } = await askDesk(plain, path, method, method === 'POST' ? begin : undefined);
    assert.deepEqual([status, body.code], [404, 'ROUTE_UNKNOWN'], method);
  }
  const describe = async ({ gateway }: RunningDoors) => await (await fetch(`${gateway.http}/openapi.json`)).text();
  assert.equal((await describe(plain)).includes(path), false);
  assert.equal((await describe(demo)).includes(path), true);
}

/** Not for who comes from elsewhere, with or without a key, and for no page of another site. */
export async function assertDeskHere(demo: RunningDoors, { path, begin }: DeskPlace): Promise<void> {
  const passedOn = { 'x-forwarded-for': '192.0.2.1' };
  const wanted = { name: 'away', rights: ['evidence:read'], devices: null, deviceTypes: null } as const;
  const { text } = demo.gateway.access.createKey({ ...wanted, expiresMs: Date.now() + 60_000 }, { owner: 'mayor' });
  for (const method of METHODS) {
    const ask = (headers: object) => askDesk(demo, path, method, method === 'POST' ? begin : undefined, headers);
    // Who comes from elsewhere has no right without a key; the key of one who has it changes nothing about where.
    const stranger = await ask(passedOn);
    assert.deepEqual([stranger.status, stranger.body.code], [401, 'API_KEY_MISSING'], method);
    const away = await ask({ ...passedOn, authorization: `Bearer ${text}` });
    assert.deepEqual([away.status, away.body.code], [403, 'DESK_AWAY'], method);
    assert.equal((await ask({ origin: 'http://evil.example' })).body.code, 'HOST_FOREIGN', method);
  }
}

/** The page of a city without the desk says so; `folder` is for that city. */
export async function assertDeskMissed(browser: Browser, folder: string, view: string, sentence: string): Promise<void> {
  const plain = await CityProcess.start(folder);
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(`${plain.http}/?lang=en${view}`);
  await page.waitForSelector(`text=${sentence}`);
  await context.close();
  await plain.end('SIGKILL');
}

/** `oppidum start` opens it with its simulated town and not with --no-demo. */
export async function assertDeskStarted(folder: string, path: string): Promise<void> {
  for (const [flags, status] of [
    [['--no-demo'], 404],
    [[], 200],
  ] as const) {
    const started = await startCity(join(folder, `started-${status}`), flags);
    assert.equal((await fetch(`${started.api}${path}`)).status, status);
    await started.stop();
  }
}
