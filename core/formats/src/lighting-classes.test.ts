import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classBelow, LIGHTING_CLASS_NAMES, LIGHTING_CLASSES } from './lighting-classes.ts';

test('classes have the values of EN 13201-2', () => {
  const averages = LIGHTING_CLASS_NAMES.map((name) => `${name} ${LIGHTING_CLASSES[name].average}`);
  assert.deepEqual(averages, [
    ...['M1 2000', 'M2 1500', 'M3 1000', 'M4 750', 'M5 500', 'M6 300'],
    ...['C0 50000', 'C1 30000', 'C2 20000', 'C3 15000', 'C4 10000', 'C5 7500'],
    ...['P1 15000', 'P2 10000', 'P3 7500', 'P4 5000', 'P5 3000', 'P6 2000'],
  ]);
  const least = LIGHTING_CLASS_NAMES.filter((name) => LIGHTING_CLASSES[name].least > 0).map(
    (name) => `${name} ${LIGHTING_CLASSES[name].least}`,
  );
  assert.deepEqual(least, ['P1 3000', 'P2 2000', 'P3 1500', 'P4 1000', 'P5 600', 'P6 400']);
});

test('a class is at most two below the normal one, and never of another family', () => {
  const table = LIGHTING_CLASS_NAMES.map((name) => [name, ...[0, 1, 2, 3, 99].map((steps) => classBelow(name, steps))].join(' '));
  assert.deepEqual(table, [
    'M1 M1 M2 M3 M3 M3',
    'M2 M2 M3 M4 M4 M4',
    'M3 M3 M4 M5 M5 M5',
    'M4 M4 M5 M6 M6 M6',
    'M5 M5 M6 M6 M6 M6',
    'M6 M6 M6 M6 M6 M6',
    'C0 C0 C1 C2 C2 C2',
    'C1 C1 C2 C3 C3 C3',
    'C2 C2 C3 C4 C4 C4',
    'C3 C3 C4 C5 C5 C5',
    'C4 C4 C5 C5 C5 C5',
    'C5 C5 C5 C5 C5 C5',
    'P1 P1 P2 P3 P3 P3',
    'P2 P2 P3 P4 P4 P4',
    'P3 P3 P4 P5 P5 P5',
    'P4 P4 P5 P6 P6 P6',
    'P5 P5 P6 P6 P6 P6',
    'P6 P6 P6 P6 P6 P6',
  ]);
  assert.equal(classBelow('M3', -1), 'M3');
});
