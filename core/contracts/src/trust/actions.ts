/** All actions about how far devices are believed. */

import type { AnyAction } from '@oppidum/ledger/action';
import { appealMark } from './appeal-mark.ts';
import { attestDevice } from './attest-device.ts';
import { decideAppeal } from './decide-appeal.ts';
import { markDevice } from './mark-device.ts';
import { permitFirmware } from './permit-firmware.ts';
import { reportFirmware } from './report-firmware.ts';
import { requireAttestation } from './require-claims.ts';
import { transferDevice } from './transfer-device.ts';
import { vouchDevice } from './vouch-device.ts';
import { withdrawFirmware } from './withdraw-firmware.ts';

export const trustActions: readonly AnyAction[] = [
  vouchDevice,
  transferDevice,
  requireAttestation,
  attestDevice,
  permitFirmware,
  withdrawFirmware,
  reportFirmware,
  markDevice,
  appealMark,
  decideAppeal,
];
