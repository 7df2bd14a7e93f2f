/** Whom to believe: a checkpoint is the city's when the policy's quorum cosigned it. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { evaluatePolicy, type Policy } from '@oppidum/formats/policy';
import { type Findings, Refuted } from './report.ts';

/** What the verifier brings along: the newest policy it trusts, and former ones it has seen proven, newest first. */
export type Trust = { readonly policy: Policy; readonly former?: readonly Policy[] };

/** A cosigned head of a city's block log. */
export type CityHead = { readonly origin: string; readonly size: number; readonly root: Bytes };
