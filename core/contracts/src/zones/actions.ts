/** All actions of the area of zones. */

import type { AnyAction } from '@oppidum/ledger/action';
import type { DomainLookup } from '../domains/domain.ts';
import { addDevices } from './add-devices.ts';
import { createZone } from './create-zone.ts';
import { removeDevices } from './remove-devices.ts';
import { replaceKeys } from './replace-keys.ts';
import { setDocument } from './set-document.ts';
import { setEnvelope } from './set-envelope.ts';

/** The actions, under these domains. */
export const zoneActions = (domains: DomainLookup): readonly AnyAction[] => [
  createZone(domains),
  addDevices,
  removeDevices,
  replaceKeys,
  setEnvelope(domains),
  setDocument(domains),
];
