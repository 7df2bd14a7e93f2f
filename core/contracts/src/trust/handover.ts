/** A device changes hands: its voucher gets a link, and the order keys of the former owner's zone are heard no more. */

import type { Bytes } from '@oppidum/formats/bytes';
import { at } from '@oppidum/formats/state-layout';
import { deviceZoneKind } from '@oppidum/formats/state-orders';
import { deviceOwnerKind, type VoucherLinkRecord, voucherLinkKind } from '@oppidum/formats/state-trust';
import { NO_LINK, voucherLinkDigest } from '@oppidum/formats/voucher';
import type { City } from '@oppidum/ledger/city';
import { applyLeaves } from '../zones/zone-devices.ts';

/** Adds a link to a voucher, after which `owner` owns the device, and takes the device out of its zone. */
export function applyHandover(city: City, device: Bytes, { seller, owner }: Pick<VoucherLinkRecord, 'seller' | 'owner'>): void {
  const held = city.read(at(deviceOwnerKind, device));
  const [number, previous] = [held?.linkCount ?? 0, held?.newest ?? NO_LINK];
  const newest = voucherLinkDigest(city.crypto, { genesis: city.genesis, device, number, previous, seller, owner });
  city.write(at(voucherLinkKind, device, number), { previous, seller, owner, from: city.height });
  city.write(at(deviceOwnerKind, device), { owner, linkCount: number + 1, newest });
  city.emit('device/owned', { device, link: number, seller, owner });
  const place = city.read(at(deviceZoneKind, device));
  if (place === null) return;
  applyLeaves(city, place.zone, [device]);
  city.emit('zone/devices-removed', { zone: place.zone, count: 1 });
}
