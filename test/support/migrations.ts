/** Two versions of the rules that no city has, after those that cities have, as specs/ledger.md describes them for the vectors of upgrades. */

import { MIGRATIONS } from '@oppidum/contracts/governance/migrations';
import { parameterId } from '@oppidum/contracts/governance/parameters';
import { approvalKind, parameterKind, proposalKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import type { Migrations } from '@oppidum/ledger/upgrade';
import { registryOf } from './ledger.ts';

/** Version 3: a proposal may wait twice as long. */
function doubleLifetime(city: City): void {
  const place = at(parameterKind, parameterId(city, 'governance/proposal-lifetime-max-ms'));
  const record = city.get(place);
  city.write(place, { ...record, value: 2 * record.value, from: city.height });
}

/** Version 4: proposals that are still open go, and what was said of them. */
function dropOpenProposals(city: City): void {
  for (const { segments, value } of city.scan(proposalKind)) {
    if (value.executed || value.withdrawn) continue;
    const [id] = segments as readonly [Uint8Array];
    for (const approval of city.scan(approvalKind, id)) city.remove(at(approvalKind, id, approval.segments[1] as Uint8Array));
    city.remove(at(proposalKind, id));
  }
}

const ALL: Migrations = new Map([...MIGRATIONS, [3, doubleLifetime], [4, dropOpenProposals]]);

/** The rules of governance of a program that knows these versions beside the first. */
export function registryKnowing(versions: readonly number[]): ReturnType<typeof registryOf> {
  const migrations: Migrations = new Map([...ALL].filter(([version]) => versions.includes(version)));
  return { ...registryOf(), migrations };
}
