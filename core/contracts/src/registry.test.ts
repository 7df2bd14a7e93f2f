import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTION_FIELDS, DANGEROUS_ACTIONS } from '@oppidum/formats/action-fields';
import { struct } from '@oppidum/formats/schema';
import { cityRegistry } from './registry.ts';

test('pages that show actions know every action there is, by its shape, and which are dangerous', () => {
  const definitions = [...cityRegistry.actions.values()];
  assert.deepEqual(definitions.map(({ kind }) => kind).sort(), Object.keys(ACTION_FIELDS).sort());
  for (const { kind, body } of definitions)
    assert.equal(body.cddl, struct(ACTION_FIELDS[kind as keyof typeof ACTION_FIELDS]).cddl, kind);
  assert.deepEqual(
    definitions
      .filter(({ dangerous }) => dangerous)
      .map(({ kind }) => kind)
      .sort(),
    [...DANGEROUS_ACTIONS].sort(),
  );
});
