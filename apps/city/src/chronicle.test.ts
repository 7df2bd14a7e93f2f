import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chronicle } from './chronicle.ts';
import { makePlan } from './plan.ts';
import { makeTown } from './town.ts';

const START_MS = Date.UTC(2026, 10, 25);
const MINUTE_MS = 60_000;

test('a fortnight has its troubles: each begins and ends once, at devices that can have it, and shows in what they measure', () => {
  const posts = makeTown(makePlan(1), 1, 120);
  const chronicle = new Chronicle(posts);
  const open = new Set<string>();
  const kinds = new Set<string>();
  for (let minute = 0; minute < 14 * 1_440; minute += 5)
    for (const line of chronicle.news(START_MS + minute * MINUTE_MS)) {
      const [, label = '', what = ''] = /^2026-\S+ (\S+): (.+)$/.exec(line) ?? assert.fail(line);
      if (what === 'all is well again') assert.ok(open.delete(label), line);
      else {
        assert.ok(!open.has(label), line);
        open.add(label);
        kinds.add(label.replace(/-[0-9]+$/, ''));
      }
    }
  assert.deepEqual([...kinds].sort(), ['street-light', 'traffic-signal', 'water-station']);
});

test('a broken lamp says so at night, and uses no power', () => {
  const posts = makeTown(makePlan(1), 1, 120);
  const broken = posts.flatMap((post) => {
    const day = Array.from({ length: 60 * 24 }, (_, hour) => START_MS + hour * 60 * MINUTE_MS);
    const timeMs = day.find((each) => new Date(each).getUTCHours() === 22 && post.trouble(each) === 'the lamp is broken');
    return timeMs === undefined ? [] : [new Map(post.measure(timeMs).map(({ sensor, value }) => [sensor, value]))];
  });
  assert.ok(broken.length > 3);
  for (const values of broken) {
    assert.deepEqual([values.get('failure'), values.get('dimming')], [true, 1]);
    assert.ok(Number(values.get('power')) < 1);
  }
});
