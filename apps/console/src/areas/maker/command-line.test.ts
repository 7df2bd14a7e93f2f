import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atCity } from './command-line.ts';

test('a command names the city only where it is not at the default address', () => {
  assert.deepEqual(atCity('http://127.0.0.1:8420'), []);
  assert.deepEqual(atCity('http://localhost:8420'), []);
  assert.deepEqual(atCity('http://127.0.0.1:9000'), ['--api', 'http://127.0.0.1:9000']);
  assert.deepEqual(atCity('https://city.example'), ['--api', 'https://city.example']);
});
