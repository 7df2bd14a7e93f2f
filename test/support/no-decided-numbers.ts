/** Loaded into services before anything else: a shard forgets which numbers it decided. For tests that want to see what follows. */

import { Vault } from '@oppidum/telemetry/vault';

Object.assign(Vault.prototype, { decision: () => null });
