/** Who asks, and what that one may do. Decided once at the beginning of a request; `Access.stillMay` decides again later. */

/** What a key can be given, each by itself. `personal:read` adds the values of readings about people to whatever else may be read. */
const RIGHTS = [
  'ledger:read',
  'readings:read',
  'readings:write',
  'transactions:submit',
  'evidence:read',
  'personal:read',
  'metrics:read',
  'audit:read',
  'keys:manage',
] as const;
export type Right = (typeof RIGHTS)[number];

/** Limits a key to some devices: by id (hex) or by the type of their model; null does not limit. Both given, one suffices. */
export type Scope = {
  readonly devices: ReadonlySet<string> | null;
  readonly deviceTypes: ReadonlySet<string> | null;
};

/** A stranger, known by an address, or the holder of a key, known by its id. */
export type Principal = {
  readonly kind: 'anonymous' | 'key';
  readonly id: string;
  readonly rights: ReadonlySet<Right>;
  /** Null: all devices. */
  readonly scope: Scope | null;
};

/** What who is on this machine may do without a key: everything public, nothing about people. */
const RIGHTS_HERE: ReadonlySet<Right> = new Set(['ledger:read', 'readings:read', 'evidence:read', 'metrics:read']);

/** Somebody on this machine without a key. */
export function localPrincipal(address: string): Principal {
  return { kind: 'anonymous', id: address, rights: RIGHTS_HERE, scope: null };
}
