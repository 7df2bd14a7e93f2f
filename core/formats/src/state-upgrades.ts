/** Records of area 0x01 about the version of the rules by which blocks execute (specs/ledger.md §11). */

import { height } from './common-schemas.ts';
import { struct, uint } from './schema.ts';
import { defineKind } from './state-layout.ts';

const AREA = 0x01;
const VERSION_MAX = 0xffffffff;

/** The version by which a city executes that has no record of another. */
export const FIRST_VERSION = 1;

/** The newest version of specs/ledger.md §11: the one that new cities begin with. */
export const NEWEST_VERSION = 2;

/** A version that somebody may upgrade to. */
export const laterVersion = () => uint({ min: FIRST_VERSION + 1, max: VERSION_MAX });

/** The version of the rules in force, from height 0 on where the city began with it; absent while it is the first. */
export const rulesVersionKind = defineKind({
  name: 'rulesVersion',
  area: AREA,
  kind: 0x0f,
  segments: [],
  value: struct({ version: laterVersion(), from: height() }),
});

/** An upgrade that is decided: the block of this height is the first of the version. */
export const upgradePlanKind = defineKind({
  name: 'upgradePlan',
  area: AREA,
  kind: 0x10,
  segments: [],
  value: struct({ version: laterVersion(), height: height(), decidedAt: height() }),
});

export const upgradeKinds = [rulesVersionKind, upgradePlanKind] as const;
