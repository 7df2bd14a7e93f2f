/** By version of the rules, from the second on: what turns the state of the version before into this one's (specs/ledger.md §11). */

import type { Migrations } from '@oppidum/ledger/upgrade';

/** Version 2 is about blocks alone: no record changes. */
export const MIGRATIONS: Migrations = new Map([[2, () => undefined]]);
