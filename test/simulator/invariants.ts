/**
 * What holds in a city after every block, whatever happened in it. The numbers in brackets are those of the list of what must never
 * happen (ARCHITECTURE.md names the document); each law reads nothing but records.
 */

import assert from 'node:assert/strict';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import {
  cloneKind,
  deviceKeyKind,
  deviceKind,
  keyOwnerKind,
  manufacturerKind,
  modelKind,
  QUARANTINE_COUNT_MAX,
  suspensionKind,
} from '@oppidum/formats/state-devices';
import { at, type SegmentType, type StateKind } from '@oppidum/formats/state-layout';
import { anchorHeadKind, anchorKind, anchorOrderKind, interlockSensorKind, shardKind } from '@oppidum/formats/state-telemetry';
import { auditCaseKind, deviceOwnerKind, deviceTrustKind, MARK_COUNT_MAX, voucherLinkKind } from '@oppidum/formats/state-trust';
import { NO_LINK, voucherLinkDigest } from '@oppidum/formats/voucher';
import type { TestCity } from '../support/ledger.ts';
import type { MemoryLog } from '../support/memory-log.ts';
import type { SimulatedShard } from './life.ts';

/** Every public key has one owner, and every owner that key. */
export function assertOneOwner(city: TestCity): void {
  const owners = city.scan(keyOwnerKind);
  const keys = city.scan(deviceKeyKind);
  assert.equal(owners.length, keys.length);
  for (const { segments, value } of keys) {
    const owner = city.read(at(keyOwnerKind, city.rules.crypto.sha256(value.publicKey)));
    assert.deepEqual(owner?.device, segments[0]);
  }
}

/** Keys of a device hand over without gap or overlap; exactly the newest is in force. Status, suspensions and `to` agree. */
export function assertStandings(city: TestCity): void {
  for (const { segments, value: device } of city.scan(deviceKind)) {
    const [id] = segments as [Bytes];
    const keys = city.scan(deviceKeyKind, id).map(({ value }) => value);
    assert.equal(keys.length, device.keyCount);
    keys.forEach((key, n) => {
      const next = keys[n + 1];
      assert.equal(key.to, next?.from);
      if (device.status === 'active' || device.status === 'suspended') assert.ok(key.from !== undefined);
    });
    const open = city.scan(suspensionKind, id).filter(({ value }) => value.to === undefined).length;
    assert.equal(device.status === 'revoked', device.to !== undefined);
    if (device.status !== 'revoked') assert.equal(open, device.status === 'suspended' ? 1 : 0);
    assert.ok(open <= 1);
  }
}

/** (1) The anchored heads of a shard are heads of one log, and as many are kept as shall be. */
export function assertOneLog(city: TestCity, { shard, forked }: SimulatedShard): void {
  const anchors = city
    .scan(anchorKind, shard.id)
    .map(({ segments, value }) => ({ size: segments[1] as number, root: value.root }));
  const isHeadOf = (log: MemoryLog) => anchors.every(({ size, root }) => size <= log.size && equalBytes(log.root(size), root));
  assert.ok(isHeadOf(shard.log) || (forked !== null && isHeadOf(forked)), 'anchors of two logs');
  const order = city.scan(anchorOrderKind, shard.id).map(({ value }) => value.size);
  assert.deepEqual(
    order,
    anchors.map(({ size }) => size),
    'anchors arrive by size',
  );
  const head = city.read(at(anchorHeadKind, shard.id));
  assert.equal(anchors.length, Math.min(head?.anchorCount ?? 0, LIMITS.anchorHistoryCount));
  assert.equal(head?.size, anchors.at(-1)?.size);
  if (forked === null) assert.notEqual(city.read(at(shardKind, shard.id))?.status, 'frozen', 'an honest shard was frozen');
}

/** (5) A device has one owner: a chain of links without gap or fork leads there, each signed by who owned it before. */
export function assertOneHolder(city: TestCity): void {
  const { crypto, genesis } = city.rules;
  for (const { segments, value: held } of city.scan(deviceOwnerKind)) {
    const [device] = segments as [Bytes];
    const links = city.scan(voucherLinkKind, device);
    assert.equal(links.length, held.linkCount);
    let previous = NO_LINK;
    for (const [number, link] of links.entries()) {
      assert.equal(link.segments[1], number);
      assert.deepEqual(link.value.previous, previous);
      const { seller, owner } = link.value;
      const before = links[number - 1];
      if (before !== undefined) assert.deepEqual(seller, before.value.owner);
      previous = voucherLinkDigest(crypto, { genesis, device, number, previous, seller, owner });
    }
    assert.deepEqual([held.newest, held.owner], [previous, links.at(-1)?.value.owner]);
  }
}

/** Quarantines of a device ascend and do not overlap; what weighs against it was counted by enough auditors, and not reversed. */
export function assertTrust(city: TestCity): void {
  for (const { value: device } of city.scan(deviceKind)) {
    const { quarantines = [] } = device;
    assert.ok(quarantines.length <= QUARANTINE_COUNT_MAX);
    for (const [n, { from, to }] of quarantines.entries()) {
      assert.ok(to === undefined ? n === quarantines.length - 1 : to >= from);
      assert.ok(n === 0 || from >= (quarantines[n - 1]?.to ?? Number.POSITIVE_INFINITY));
    }
  }
  for (const { segments, value } of city.scan(deviceTrustKind)) {
    assert.ok(value.marks.length <= MARK_COUNT_MAX);
    for (const { evidence, penalty } of value.marks) {
      const audited = city.read(at(auditCaseKind, segments[0] as Bytes, evidence));
      assert.equal(audited?.counted?.penalty, penalty);
      assert.equal(new Set(audited?.marks.map(({ auditor }) => toHex(auditor))).size, audited?.marks.length);
      assert.ok((audited?.marks.length ?? 0) >= 2);
      assert.notEqual(audited?.outcome?.outcome, 'reversed');
    }
  }
}

/** (10) Nothing that a personal model's device said is on the ledger. */
export function assertNothingPersonal(city: TestCity): void {
  for (const { segments } of [...city.scan(cloneKind), ...city.scan(interlockSensorKind)]) {
    const device = city.read(at(deviceKind, segments[0] as Bytes));
    assert.ok(device !== null);
    assert.equal(city.read(at(modelKind, device.model))?.personal, false);
  }
}

/** What ended at an earlier block stays as it ended; what was there is still there. Keep one for a whole life. */
export class EndedStaysEnded {
  readonly #ended = new Map<string, string>();
  readonly #sizes = new Map<string, number>();

  check(city: TestCity): void {
    this.#checkKind(city, manufacturerKind);
    this.#checkKind(city, modelKind);
    this.#checkKind(city, deviceKind);
    this.#checkKind(city, deviceKeyKind);
    for (const { segments, value } of city.scan(anchorHeadKind)) {
      const shard = toHex(segments[0] as Bytes);
      assert.ok(value.size >= (this.#sizes.get(shard) ?? 0), 'an anchored log shrank');
      this.#sizes.set(shard, value.size);
    }
  }

  #checkKind<V extends { readonly to?: number }, S extends readonly SegmentType[]>(city: TestCity, kind: StateKind<V, S>): void {
    const now = new Map(
      city.scan(kind).map(({ segments, value }) => {
        const place = [kind.name, ...segments.map((part) => (part instanceof Uint8Array ? toHex(part) : String(part)))].join(' ');
        return [place, value] as const;
      }),
    );
    for (const [place, before] of this.#ended) {
      if (place.startsWith(`${kind.name} `)) assert.equal(textOf(now.get(place)), before, `${place} changed after its end`);
    }
    for (const [place, value] of now) if (value.to !== undefined) this.#ended.set(place, textOf(value));
  }
}

function textOf(value: object | undefined): string {
  return JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? toHex(part) : part));
}
