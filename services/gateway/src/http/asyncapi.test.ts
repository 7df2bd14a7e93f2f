import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { enrolDevice, openDoors, type RunningDoors } from '../../../../test/support/running-gateway.ts';
import { liveEvents } from '../api/live.ts';
import { TOPICS } from '../live/live-events.ts';

/** The schema of AsyncAPI documents that its authors publish. */
function officialSchema(): object {
  const file = fileURLToPath(import.meta.resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json'));
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}

type Document = {
  readonly channels: Readonly<Record<string, { readonly address: string; readonly messages: object }>>;
  readonly components: { readonly messages: object };
};

describe('the description of messages', () => {
  let doors: RunningDoors;
  before(async () => {
    doors = await openDoors();
  });
  after(() => doors.close());
  const read = async (): Promise<Document> => (await (await fetch(`${doors.gateway.http}/asyncapi.json`)).json()) as Document;

  test('is an AsyncAPI 3 document by the schema of its authors, and no other', async () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const isDocument = ajv.compile(officialSchema());
    const document = await read();
    assert.ok(isDocument(document), JSON.stringify(isDocument.errors?.slice(0, 5)));
    assert.ok(!isDocument({ ...document, channels: { up: { adress: 'x' } } }), 'a misspelt field is seen');
  });

  test('every reference leads somewhere', async () => {
    const document = await read();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, place]) => place as string);
    assert.ok(references.length > 10);
    for (const place of references) {
      const found = place
        .split('/')
        .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);
      assert.ok(found !== undefined, place);
    }
  });

  test('names the topics that are served, and every topic of the stream', async () => {
    const { channels } = await read();
    const genesis = Buffer.from(doors.city.client.genesisHash).toString('hex');
    assert.equal(channels['up']?.address, `v1/${genesis}/{device}/up`);
    assert.equal(channels['down']?.address, `v1/${genesis}/{device}/down`);
    assert.equal(channels['ack']?.address, `v1/${genesis}/{device}/ack`);
    assert.equal(channels['order']?.address, `v1/${genesis}/{device}/order`);
    assert.deepEqual(Object.keys(channels['live']?.messages ?? {}), [...TOPICS]);
  });

  test('describes what the stream sends', async () => {
    const stop = new AbortController();
    const stream = await fetch(`${doors.gateway.http}/api/v1/live`, { signal: stop.signal });
    const device = await enrolDevice(doors.city, { label: 'Main street 1' });
    const headers = { 'content-type': 'application/cose' };
    const said = device.reading(1, [{ sensor: 'order/local', value: 'manual lamp/level 5', timeMs: Date.now() }]);
    await fetch(`${doors.gateway.http}/api/v1/readings`, { method: 'POST', headers, body: Buffer.from(said) });
    const missing = new Set<string>(TOPICS);
    let text = '';
    for await (const part of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const event of whole) {
        const topic = /^event: ?(.*)$/m.exec(event)?.[1] as keyof typeof liveEvents | undefined;
        const data = /^data: ?(.*)$/m.exec(event)?.[1];
        if (topic === undefined || data === undefined || !Object.hasOwn(liveEvents, topic)) continue;
        const parsed = liveEvents[topic].strict().safeParse(JSON.parse(data));
        assert.ok(parsed.success, `${topic} ${data}: ${parsed.error?.message}`);
        missing.delete(topic);
      }
      if (missing.size === 0) break;
    }
    stop.abort();
    assert.equal(missing.size, 0);
  });
});
