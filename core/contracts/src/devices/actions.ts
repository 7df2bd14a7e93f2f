/** All actions of the area of devices. */

import type { AnyAction } from '@oppidum/ledger/action';
import { activateDevice } from './activate-device.ts';
import { createManufacturer } from './create-manufacturer.ts';
import { createModel } from './create-model.ts';
import { describeModel } from './describe-model.ts';
import { quarantineDevice } from './quarantine-device.ts';
import { registerDevice } from './register-device.ts';
import { registerDevices } from './register-devices.ts';
import { releaseDevice } from './release-device.ts';
import { reportClone } from './report-clone.ts';
import { resumeDevice } from './resume-device.ts';
import { revokeDevice } from './revoke-device.ts';
import { revokeManufacturer } from './revoke-manufacturer.ts';
import { revokeModel } from './revoke-model.ts';
import { rotateDeviceKey } from './rotate-device-key.ts';
import { suspendDevice } from './suspend-device.ts';

export const deviceActions: readonly AnyAction[] = [
  createManufacturer,
  revokeManufacturer,
  createModel,
  revokeModel,
  describeModel,
  registerDevice,
  registerDevices,
  activateDevice,
  rotateDeviceKey,
  suspendDevice,
  resumeDevice,
  quarantineDevice,
  releaseDevice,
  revokeDevice,
  reportClone,
];
