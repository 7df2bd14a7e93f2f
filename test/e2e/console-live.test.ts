/** The stream of events behind the console, in a real browser: cut and gone on with, refused and asked for again. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/city-process.ts';
import { ConsoleCity } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';

describe('the live stream of the console', { skip: skipWithout('chromium') }, () => {
  let city: ConsoleCity;
  let wire: Server;
  const lines = new Set<Socket>();
  /** What the browser sent. */
  const heard: string[] = [];

  before(async () => {
    city = await ConsoleCity.open();
    const port = Number(new URL(city.http).port);
    // A wire that can be cut, between browser and city.
    wire = createServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      lines.add(socket);
      socket.on('data', (bytes) => heard.push(bytes.toString('latin1')));
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.pipe(other);
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
      }
      socket.on('close', () => lines.delete(socket));
    });
    await new Promise<void>((listening) => wire.listen(0, '127.0.0.1', listening));
  });

  after(async () => {
    for (const line of lines) line.destroy();
    wire?.close();
    await city?.close();
  });

  const say = async (name: string, value: number): Promise<void> => {
    const file = join(city.data, '..', `${name}.csv`);
    writeFileSync(file, `time,${name}\n2026-03-01T00:00:00Z,${value}\n`);
    await city.command('replay', file);
  };

  /** Each request for a stream that went over the wire: the place that it goes on from, or null. */
  const placesAsked = (): readonly (string | null)[] =>
    [...heard.join('').matchAll(/^GET (\/api\/v1\/live\S*) [\s\S]*?\r\n\r\n/gm)].map(
      ([head, path = '']) =>
        /^last-event-id: *(\S+)/im.exec(head)?.[1] ?? new URLSearchParams(path.split('?')[1]).get('lastEventId'),
    );

  test('is cut, says so, goes on behind the last event, and misses nothing that happened meanwhile', async () => {
    const context = await city.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const { port } = wire.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?lang=en#/city`);
    await page.waitForSelector('.live:has-text("Live")');
    await say('before', 1);
    await page.waitForSelector('text=before');
    const count = placesAsked().length;
    assert.ok(count > 0);
    for (const line of lines) line.destroy();
    await say('meanwhile', 2);
    await page.waitForSelector('text=meanwhile');
    await until('the stream was asked for again', () => placesAsked().length > count);
    await page.waitForSelector('.live:has-text("Live")');
    assert.notEqual(placesAsked().at(-1) ?? null, null, 'from the last event that came');
    await say('afterwards', 3);
    await page.waitForSelector('text=afterwards');
    await context.close();
  });

  test('has no room for one more: the page says so and asks again by itself, and goes on live as soon as there is', async () => {
    const crowd = new AbortController();
    const open = () => fetch(`${city.http}/api/v1/live`, { signal: crowd.signal });
    // Somebody else at the same address holds all the streams that one address may.
    let refused = await open();
    while (refused.status === 200) refused = await open();
    assert.equal(((await refused.json()) as { readonly code: string }).code, 'LIVE_COUNT');
    const context = await city.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${city.http}/?lang=en#/city`);
    await page.waitForSelector('.live:has-text("No live stream: asked again every")');
    await say('crowded', 4);
    await page.waitForSelector('text=crowded');
    crowd.abort();
    await page.waitForSelector('.live:has-text("Live")');
    await say('roomy', 5);
    await page.waitForSelector('text=roomy');
    await context.close();
  });
});
