/** All actions of the area of erasures. */

import type { AnyAction } from '@oppidum/ledger/action';
import { recordErasure } from './record-erasure.ts';

export const erasureActions: readonly AnyAction[] = [recordErasure];
