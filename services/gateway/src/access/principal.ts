/** Who asks, and what that one may do. Decided once at the beginning of a request; `Access.stillMay` decides again later. */

/** What a key can be given, each by itself. `personal:read` adds the values of readings about people to whatever else may be read. */
export const RIGHTS = [
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

/** Who may read without a key what is not about people: who is on this machine, nobody, or anybody. */
export const ANONYMOUS = ['here', 'nobody', 'anybody'] as const;
export type Anonymous = (typeof ANONYMOUS)[number];

const PUBLIC_RIGHTS: ReadonlySet<Right> = new Set(['ledger:read', 'readings:read', 'evidence:read', 'metrics:read']);
const NO_RIGHTS: ReadonlySet<Right> = new Set();

/** Somebody without a key. */
export function anonymousPrincipal(address: string, mayRead: boolean): Principal {
  return { kind: 'anonymous', id: address, rights: mayRead ? PUBLIC_RIGHTS : NO_RIGHTS, scope: null };
}

/** True for a device inside the scope; `deviceType` is null where nobody knows the device. */
export function isInScope(scope: Scope | null, device: string, deviceType: string | null): boolean {
  if (scope === null) return true;
  return scope.devices?.has(device) === true || (deviceType !== null && scope.deviceTypes?.has(deviceType) === true);
}
