/** Trustees of a running city by the command line: a maker is proposed, rejected, proposed again and admitted, each word by a key of its own. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import type { ManufacturerJson, ProposalDetailJson, ProposalJson } from '@oppidum/gateway/api-types';
import { type CommandResult, runCommand } from '../support/command-line.ts';
import { type Council, type CouncilMember, makeCouncil, PASSPHRASE } from '../support/council-city.ts';
import { eventually, openDoors, type RunningDoors } from '../support/running-gateway.ts';

describe('trustees', () => {
  let doors: RunningDoors;
  let council: Council;
  let folder: string;

  before(async () => {
    doors = await openDoors();
    const data = doors.city.folder.paths.folder;
    folder = join(data, '..', 'carried');
    mkdirSync(folder);
    council = await makeCouncil({ http: doors.gateway.http }, data, folder);
    writeFileSync(join(folder, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'city.policy'), council.policyFile);
  });

  after(() => doors?.close());

  const run = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand([...args, '--api', doors.gateway.http, '--json', '-v']);
  /** Signed by a member's own key file. */
  const by = ({ keyFile }: CouncilMember, ...args: readonly string[]): Promise<CommandResult> =>
    run(...args, '--key', keyFile, '--passphrase-file', join(folder, 'passphrase'), '--yes');
  const policy = () => ['--policy', join(folder, 'city.policy')];
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${doors.gateway.http}${path}`);
    assert.equal(answer.status, 200, path);
    return (await answer.json()) as T;
  };
  const events = ({ stdout }: CommandResult) =>
    (JSON.parse(stdout) as { readonly events: readonly { readonly kind: string; readonly body: Record<string, string> }[] })
      .events;
  const proposeMaker = (trustee: CouncilMember, name: string) =>
    by(trustee, 'manufacturer', 'propose', '--name', name, '--for', trustee.id, ...policy());
  const makers = async () => {
    const { items } = await get<{ readonly items: readonly ManufacturerJson[] }>('/api/v1/manufacturers');
    return items.map(({ name }) => name);
  };

  test('without trustees nothing is proposed to them, and a registrar admits', async () => {
    const [operator] = council.members;
    const refused = await proposeMaker(operator, 'Too early');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /This city has no trustees[\s\S]*manufacturer create/);
    const created = await by(operator, 'manufacturer', 'create', '--name', 'By the registrar', '--for', operator.id);
    assert.equal(created.code, 0, created.stderr);
  });

  test('once they are appointed, more than a third reject a maker, and two thirds admit it when it is proposed again', async () => {
    const [operator, ben, clara] = council.members;
    const file = join(folder, 'trustees.json');
    writeFileSync(file, JSON.stringify([{ kind: 'trustees/appoint', body: { body: { hex: toHex(council.body) } } }]));
    const appointing = await by(operator, 'proposal', 'create', file, '--body', toHex(council.body));
    assert.equal(appointing.code, 0, appointing.stderr);
    const appointment = events(appointing).find(({ kind }) => kind === 'proposal/created')?.body['id'] ?? assert.fail();
    const appointed = await by(ben, 'proposal', 'approve', appointment, ...policy());
    assert.equal(appointed.code, 0, appointed.stderr);
    assert.ok(events(appointed).some(({ kind }) => kind === 'trustees/appointed'));

    const alone = await by(operator, 'manufacturer', 'create', '--name', 'Alone', '--for', operator.id);
    assert.equal(alone.code, 4);
    assert.match(alone.stderr, /TRUSTEES_REQUIRED/);

    const proposed = await proposeMaker(operator, 'Lamp Works');
    assert.equal(proposed.code, 0, proposed.stderr);
    const id = events(proposed).find(({ kind }) => kind === 'proposal/created')?.body['id'] ?? assert.fail();
    const dry = await by(ben, 'proposal', 'reject', id, '--reason', 'no contract', ...policy(), '--dry-run');
    assert.match(dry.stdout, /Reject proposal [0-9a-f]{64}, because \\"no contract\\": manufacturer\/create .*Lamp Works/);
    for (const [member, reason] of [
      [ben, 'no contract'],
      [clara, 'nobody knows them'],
    ] as const) {
      const rejected = await by(member, 'proposal', 'reject', id, '--reason', reason, ...policy());
      assert.equal(rejected.code, 0, rejected.stderr);
    }
    const { status, rejections, approvals, threshold, memberCount } = await get<ProposalDetailJson>(`/api/v1/proposals/${id}`);
    assert.deepEqual([status, threshold, memberCount], ['rejected', 2, 3]);
    assert.deepEqual(
      new Map(rejections.map(({ account, reason }) => [account, reason])),
      new Map([
        [ben.id, 'no contract'],
        [clara.id, 'nobody knows them'],
      ]),
    );
    assert.deepEqual(
      approvals.map(({ account }) => account),
      [operator.id],
    );
    const shown = await runCommand(['proposal', 'show', id, '--api', doors.gateway.http]);
    assert.match(shown.stdout, /^status +rejected$/m);
    assert.match(shown.stdout, /^rejected by +[0-9a-f]{64} at block \d+: no contract$/m);
    const late = await by(ben, 'proposal', 'approve', id, ...policy());
    assert.match(late.stderr, /PROPOSAL_CLOSED/);

    const again = await proposeMaker(clara, 'Lamp Works');
    assert.equal(again.code, 0, again.stderr);
    const second = events(again).find(({ kind }) => kind === 'proposal/created')?.body['id'] ?? assert.fail();
    const admitted = await by(ben, 'proposal', 'approve', second, ...policy());
    assert.equal(admitted.code, 0, admitted.stderr);
    assert.ok(events(admitted).some(({ kind }) => kind === 'manufacturer/created'));
    await eventually(makers, (names) => names.sort().join() === 'By the registrar,Lamp Works');
    const statusListed = async () => {
      const { items } = await get<{ readonly items: readonly ProposalJson[] }>('/api/v1/proposals');
      return items.find((each) => each.id === id)?.status;
    };
    await eventually(statusListed, (listed) => listed === 'rejected');
  });
});
