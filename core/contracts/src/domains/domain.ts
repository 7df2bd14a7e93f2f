/**
 * A domain: the rules for one sort of machine, in a folder of its own beside this file. The kernel knows who may give orders, when and to
 * whom; a domain knows which commands there are and what they may do to the street. docs/adding-a-domain.md shows how one is added.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Rejection } from '@oppidum/formats/errors';
import type { Order } from '@oppidum/formats/order-statement';
import { type ZoneRecord, zoneDocumentAt } from '@oppidum/formats/state-orders';
import { parseZoneDocument, type ZoneDocument } from '@oppidum/formats/zone-statements';
import type { City } from '@oppidum/ledger/city';

/**
 * A command of a domain. `dangerous`: every envelope lists it as such, so that more keys sign it. `safe`: an envelope may declare it safe in
 * some direction, so that break-glass reaches it. `units`: of its arguments in order, as SenML writes them, '' where there is none: a model
 * that says otherwise means something else by the same number.
 */
export type DomainCommand = { readonly dangerous: boolean; readonly safe: boolean; readonly units?: readonly string[] };

/** A zone as contracts see it. */
export type Zone = { readonly id: Bytes; readonly record: ZoneRecord };

export type Domain = {
  /** As zones name it: lower-case letters. */
  readonly name: string;
  /** By name, as in `light/level`. What is not here is no command of the domain. */
  readonly commands: Readonly<Record<string, DomainCommand>>;
  /** By name, what its body must be. A FormatError thrown here is a refusal with its code. */
  readonly documents: Readonly<Record<string, (body: Bytes, city: City, zone: Zone) => Rejection | null>>;
  /** The domain's own rule about an order that the kernel found in order so far; reads only. */
  checkOrder(city: City, zone: Zone, order: Order): Rejection | null;
};

/** The domains of a city, by name; null for what is none. */
export type DomainLookup = (name: string) => Domain | null;

/** Looks among these. */
export function lookupIn(domains: readonly Domain[]): DomainLookup {
  const byName = new Map(domains.map((domain) => [domain.name, domain]));
  return (name) => byName.get(name) ?? null;
}

/** The domain that a zone names: it was there when the zone was created, and domains never go. */
export function domainOf(domains: DomainLookup, { record }: Zone): Domain {
  const domain = domains(record.domain);
  if (domain === null) throw new Error(`the domain ${record.domain} is gone`);
  return domain;
}

/** The newest version of a document of a zone, or null: none was ever signed. */
export function readDocument(city: Pick<City, 'crypto' | 'read'>, zone: Bytes, name: string): ZoneDocument | null {
  const record = city.read(zoneDocumentAt(city.crypto, zone, name));
  return record === null ? null : parseZoneDocument(record.statement);
}
