import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from './imports.ts';
import { sources } from './sources.ts';

const MONITOR = 'sdk/device/src/monitor/';
/** The controller, and what computes and checks its times. */
const CONTROLLER = /^(sdk\/device\/src\/signals\/|core\/formats\/src\/(signal-timing|signal-plan|check-plans)\.ts$)/;
/** Reads the street from the signed matrix and knows the formulae as well; the monitor has its own, and takes only the parser. */
const PARSER = 'core/formats/src/signal-matrix.ts';
const TAKEN_FROM_PARSER = new Set(['parseSignalMatrix', 'SignalMatrix']);

test('the conflict monitor has a code path of its own: it imports nothing of the controller', () => {
  const byPath = new Map(sources().map((source) => [source.path, source]));
  const waiting = sources().filter(({ path, isTest }) => path.startsWith(MONITOR) && !isTest);
  assert.ok(waiting.length >= 3, 'the monitor was found');
  const reached = new Set(waiting.map(({ path }) => path));
  const breaches: string[] = [];
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    for (const { target, names, whole, line } of importsOf(source)) {
      if (target === null) continue;
      if (CONTROLLER.test(target)) breaches.push(`${source.path}, line ${line}: ${target} belongs to the controller`);
      if (target === PARSER) {
        if (whole || names.some((name) => !TAKEN_FROM_PARSER.has(name)))
          breaches.push(`${source.path}, line ${line}: the monitor takes only the parser from ${target}`);
        continue;
      }
      const next = byPath.get(target);
      if (next === undefined || reached.has(next.path)) continue;
      reached.add(next.path);
      waiting.push(next);
    }
  }
  assert.deepEqual(breaches, []);
});
