/** All domains there are; a zone names one of them. */

import type { Domain } from './domain.ts';
import { LIGHTING } from './lighting/lighting.ts';
import { SIGNALS } from './signals/signals-domain.ts';

export const DOMAINS: readonly Domain[] = [LIGHTING, SIGNALS];
