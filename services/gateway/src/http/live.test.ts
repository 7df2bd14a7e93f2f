import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { actionOf, envelopeOf, execute, freshAccount, inTemporaryFolder } from '../../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  runDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';
import type { LiveEvent } from '../live/live-events.ts';
import { encodePlace, newestPlace, parsePlace } from '../live/live-place.ts';
import { LiveStream } from '../live/live-stream.ts';
import { Turns } from '../turns.ts';

type Event = { readonly id: string; readonly event: string; readonly data: Readonly<Record<string, unknown>> };

/** A listener: reads events until there are as many as are asked for. */
async function listen(
  url: string,
  options: { readonly lastEventId?: string; readonly act?: () => Promise<unknown> },
  count: number,
): Promise<Event[]> {
  const stop = new AbortController();
  const headers = options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId };
  const response = await fetch(url, { headers, signal: AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]) });
  assert.equal(response.status, 200, response.status === 200 ? '' : await response.text());
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const events: Event[] = [];
  let [text, id] = ['', ''];
  let isOpen = false;
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      text = text.slice(end + 2);
      id = fields.get('id') ?? id;
      const event = fields.get('event') ?? '';
      if (event !== 'open') events.push({ id, event, data: JSON.parse(fields.get('data') ?? 'null') as Event['data'] });
      else if (!isOpen) {
        isOpen = true;
        if (count === 0) events.push({ id, event, data: {} });
        await options.act?.();
      }
    }
    if (events.length >= Math.max(1, count)) break;
  }
  stop.abort();
  return events;
}

describe('the stream of events', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  let badge: TestDevice;
  const url = (query: string): string => `${doors.gateway.http}/api/v1/live${query}`;

  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city, { label: 'Main street 1' });
    badge = await enrolDevice(doors.city, { personal: true });
  });
  after(() => doors.close());

  test('HEAD holds no stream: METHOD_NOT_ALLOWED', async () => {
    const answer = await fetch(`${doors.gateway.http}/api/v1/live`, { method: 'HEAD' });
    assert.equal(answer.status, 405);
  });

  test('tells readings as they come, of people only that they came', async () => {
    const send = async (): Promise<void> => {
      await doors.shard.client.ingest(lamp.reading(1));
      await doors.shard.client.ingest(badge.reading(1, [{ sensor: 'door', value: 'Anna', timeMs: Date.now() }]));
    };
    const events = await listen(url('?topics=readings'), { act: send }, 2);
    assert.deepEqual(
      events.map(({ event, data }) => [event, data['device'], data['personal'], (data['records'] as unknown[]).length]),
      [
        ['readings', lamp.hex, false, 1],
        ['readings', badge.hex, true, 0],
      ],
    );
    assert.ok(!JSON.stringify(events).includes('Anna'));
  });

  test('tells blocks, transactions, anchors and devices, in the order of the ledger', async () => {
    const { client, operator } = doors.city;
    await eventually(
      async () => doors.shard.client.status(),
      ({ anchored, size }) => anchored?.size === size,
    );
    const act = (): Promise<unknown> =>
      execute(
        client,
        envelopeOf(client, operator, [freshAccount().action, actionOf('device/suspend', { id: lamp.id, reason: 'test' })]),
      );
    const events = await listen(url('?topics=blocks,transactions,devices'), { act }, 3);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['blocks', 'transactions', 'devices'],
    );
    assert.deepEqual(events[1]?.data['kinds'], ['account/create', 'device/suspend']);
    assert.equal(events[2]?.data['status'], 'suspended');
    await execute(client, envelopeOf(client, operator, [actionOf('device/resume', { id: lamp.id })]));
    const anchors = await listen(
      url('?topics=anchors'),
      {
        act: () =>
          eventually(
            () => doors.shard.client.ingest(lamp.reading(2)),
            ({ kind }) => kind === 'kept',
          ),
      },
      1,
    );
    assert.equal(anchors[0]?.data['size'], doors.shard.client.status().size);
  });

  test('goes on behind any event, each once', async () => {
    const [start] = await listen(url(''), {}, 0);
    for (let i = 10; i < 20; i++) await doors.shard.client.ingest(lamp.reading(i));
    await eventually(
      async () => doors.shard.client.status(),
      ({ anchored, size }) => anchored?.size === size,
    );
    const all = await listen(url('?topics=readings,transactions'), { lastEventId: start!.id }, 11);
    const readings = all.filter(({ event }) => event === 'readings').map(({ data }) => data['sequence']);
    assert.deepEqual(readings, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    for (const cut of [0, 3, 7, 9]) {
      const rest = await listen(url('?topics=readings,transactions'), { lastEventId: all[cut]!.id }, all.length - cut - 1);
      assert.deepEqual(rest.slice(0, all.length - cut - 1), all.slice(cut + 1), `behind event ${cut}`);
    }
    const one = await listen(url(`?topics=readings&lastEventId=${encodeURIComponent(start!.id)}&device=${lamp.hex}`), {}, 10);
    assert.equal(one.length, 10, 'as a parameter');
  });

  test('of what was erased nothing is told any more, also not to who asks for the past', async () => {
    const [start] = await listen(url(''), {}, 0);
    await doors.shard.client.ingest(badge.reading(40, [{ sensor: 'door', value: 'Berta', timeMs: Date.now() }]));
    const before = await listen(url('?topics=readings'), { lastEventId: start!.id }, 1);
    assert.equal(before[0]?.data['device'], badge.hex);
    await doors.shard.erase(badge.id, 'request');
    await doors.shard.client.ingest(lamp.reading(41));
    const after = await eventually(
      () => listen(url('?topics=readings'), { lastEventId: start!.id }, 1),
      ([event]) => event?.data['device'] !== badge.hex,
    );
    assert.equal(after[0]?.data['sequence'], 41);
  });

  const garbage: readonly (readonly [string, string])[] = [
    ['garbage', 'garbage'],
    ['a number', '17'],
    ['a shard that is not here', '1.0;7:0'],
    ['an entry from the future', '1.0;0:999999999'],
    ['a height from the future', '999999999.0;0:0'],
    ['one shard twice', '1.0;0:0,0:0'],
    ['a second spelling', '01.0;0:0'],
    ['an endless id', `1.0;${'0:0,'.repeat(2_000)}`],
  ];
  for (const [what, id] of garbage)
    test(`refuses ${what} as an id`, async () => {
      const response = await fetch(url(''), { headers: { 'last-event-id': id } });
      assert.equal(((await response.json()) as { code: string }).code, 'LIVE_ID_INVALID');
    });

  test('a place is spelled in one way, and no event of a block that is not there yet', () => {
    const sources = { node: doors.city.client, shards: [doors.shard.client] };
    const newest = newestPlace(sources);
    assert.deepEqual(parsePlace(encodePlace(newest), sources), newest);
    // Asked over HTTP, the block might have come by then.
    assert.throws(() => parsePlace(encodePlace({ ...newest, event: 5 }), sources), { code: 'LIVE_ID_INVALID' });
  });

  test('refuses a topic that there is not, and the seventeenth stream of one address', async () => {
    const wrong = await fetch(url('?topics=weather'));
    assert.equal(((await wrong.json()) as { code: string }).code, 'REQUEST_INVALID');
    const stop = new AbortController();
    const open = await Promise.all(Array.from({ length: 16 }, () => fetch(url(''), { signal: stop.signal })));
    assert.ok(open.every(({ status }) => status === 200));
    const refused = await fetch(url(''));
    assert.equal(((await refused.json()) as { code: string }).code, 'LIVE_COUNT');
    stop.abort();
    await eventually(
      async () => {
        const next = new AbortController();
        const { status } = await fetch(url(''), { signal: next.signal });
        next.abort();
        return status;
      },
      (status) => status === 200,
    );
  });

  test('a listener that goes away, or says nothing after its request, holds nothing up', async () => {
    const { hostname, port } = new URL(doors.gateway.http);
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.pause();
    socket.write(`GET /api/v1/live HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
    const [kept] = await Promise.all([
      doors.shard.client.ingest(lamp.reading(30)),
      listen(url('?topics=readings'), { act: () => doors.shard.client.ingest(lamp.reading(31)) }, 1),
    ]);
    assert.equal(kept.kind, 'kept');
    socket.destroy();
  });
});

test('an id means the same after a restart of everything', () =>
  inTemporaryFolder(async (folder) => {
    const first = await runDoors(folder);
    const lamp = await enrolDevice(first.city);
    const [start] = await listen(`${first.gateway.http}/api/v1/live`, {}, 0);
    for (const sequence of [1, 2, 3]) await first.shard.client.ingest(lamp.reading(sequence));
    await first.close();
    const second = await runDoors(folder, false);
    const events = await listen(`${second.gateway.http}/api/v1/live?topics=readings`, { lastEventId: start!.id }, 3);
    assert.deepEqual(
      events.map(({ data }) => data['sequence']),
      [1, 2, 3],
    );
    await second.close();
  }));

/** The code of an event that ends a stream. */
function codeIn(text: string | null): string {
  const [head, data] = (text ?? '').split('\n');
  assert.equal(head, 'event: error');
  return (JSON.parse(data?.slice('data: '.length) ?? '{}') as { code: string }).code;
}

/** A stream over events that never end, to a reader who takes `takes` of them. */
function slowStream(takes: number, refusal: () => 'KEY_REVOKED' | null = () => null) {
  const written: string[] = [];
  let ended: string | null = null;
  const event: LiveEvent = { topic: 'readings', device: null, deviceType: null, data: '{}' };
  const status = () => ({ number: 0, size: Number.MAX_SAFE_INTEGER });
  const stream = new LiveStream({
    node: { blocks: () => [] },
    shards: [{ status } as never],
    sink: {
      write: (text) => written.push(text) <= takes,
      onceDrain: () => () => undefined,
      end: (text) => {
        ended ??= text;
      },
    },
    place: { height: 1, event: 0, entries: new Map([[0, 0]]) },
    blockEvents: () => [],
    readingEvents: async () => Array.from({ length: 100 }, () => [event]),
    wants: () => true,
    refusal,
    turn: async () => undefined,
    slowMs: 20,
    wantsReadings: true,
    wantsBlocks: true,
  });
  return { stream, written, ended: () => ended };
}

test('a slow reader is told so and cut off, and nothing is gathered for it', async () => {
  const { stream, written, ended } = slowStream(50);
  await stream.run();
  assert.equal(written.length, 51, 'one more than it took');
  assert.equal(codeIn(ended()), 'SLOW_READER');
});

test('a stream ends at once when its right does', async () => {
  let asked = 0;
  const { stream, written, ended } = slowStream(1_000_000, () => (++asked > 30 ? 'KEY_REVOKED' : null));
  await stream.run();
  assert.ok(written.length <= 31);
  assert.equal(codeIn(ended()), 'KEY_REVOKED');
});

test('whoever asks for the whole past and wants none of it leaves turns to everybody else', async () => {
  const [turns, block] = [new Turns(), { height: 0 } as never];
  let [batchCount, turnCount, mostInOneTurn] = [0, 0, 0];
  const count = (): void => {
    mostInOneTurn = Math.max(mostInOneTurn, batchCount);
    [batchCount, turnCount] = [0, turnCount + 1];
  };
  const event: LiveEvent = { topic: 'readings', device: null, deviceType: null, data: '{}' };
  const replay = async (): Promise<void> => {
    const place = { height: 0, event: 0, entries: new Map([[0, 0]]) };
    const stream: LiveStream = new LiveStream({
      node: {
        blocks: (height) => {
          batchCount++;
          return Array.from(
            { length: height < 1_600 ? 16 : 0 },
            (_, i) => ({ ...(block as object), height: height + i }) as never,
          );
        },
      },
      shards: [{ status: () => ({ number: 0, size: 12_800 }) } as never],
      sink: { write: () => true, onceDrain: () => () => undefined, end: () => undefined },
      place,
      blockEvents: () => [event],
      readingEvents: async () => {
        batchCount++;
        return Array.from({ length: 128 }, () => [event]);
      },
      wants: () => false,
      refusal: () => {
        if (place.height === 1_600 && place.entries.get(0) === 12_800) stream.end(null);
        return null;
      },
      turn: () => turns.next(),
      slowMs: 20,
      wantsReadings: true,
      wantsBlocks: true,
    });
    await stream.run();
  };
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await nextTurn();
      count();
    }
  })();
  await Promise.all([replay(), replay(), replay()]);
  isOver = true;
  await watching;
  assert.ok(turnCount > 100, `${turnCount} turns`);
  assert.ok(mostInOneTurn <= 12, `${mostInOneTurn} batches in one turn`);
});
