/** What its user has said of the device so far. */

import type { Bytes } from '@oppidum/formats/bytes';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { parseDeviceKey } from '@oppidum/onboarding/device-columns';
import { isPlain, isUnit } from './snippets.ts';

/** A key that this page made: the seed is nowhere else until it is saved. */
export type MadeKey = { readonly seed: Bytes; readonly publicKey: Bytes };

export type Draft = {
  /** Id of a model in hex, or null for one of their own. */
  readonly model: string | null;
  readonly type: string;
  readonly modelName: string;
  readonly label: string;
  readonly sensor: string;
  readonly unit: string;
  readonly value: string;
  readonly isKeyHere: boolean;
  readonly madeKey: MadeKey | null;
  readonly isKeySaved: boolean;
  /** As it was pasted. */
  readonly publicKeyText: string;
};

/** Where everybody begins; `argument`: MODEL.PUBLIC_KEY or PUBLIC_KEY in hex, from a scanned code. */
export function firstDraft(argument: string): Draft {
  const [, model, publicKey] = /^(?:([0-9a-f]{64})\.)?([0-9a-f]{64})$/.exec(argument) ?? [];
  return {
    model: model ?? null,
    type: 'level',
    modelName: 'My level sensor',
    label: 'my-sensor',
    sensor: 'level',
    unit: 'm',
    value: '1.42',
    isKeyHere: false,
    madeKey: null,
    isKeySaved: false,
    publicKeyText: publicKey ?? '',
  };
}

/** The public key of the device, or null while nobody has said it. */
export function publicKeyOf({ isKeyHere, madeKey, publicKeyText }: Draft): Bytes | null {
  return isKeyHere ? (madeKey?.publicKey ?? null) : parseDeviceKey(publicKeyText);
}

/** The id of the device of a key, in hex. */
export function idOfKey(publicKey: Bytes): string {
  return toHex(deviceIdOf(nobleCrypto, publicKey));
}

/** Which words of the draft no command could hold. */
export function wrongFields({ type, modelName, label, sensor, unit, value, model }: Draft): readonly (keyof Draft)[] {
  const checks: readonly (readonly [keyof Draft, boolean])[] = [
    ['type', model !== null || isPlain(type)],
    ['modelName', model !== null || (modelName.trim() !== '' && modelName.length <= 64)],
    ['label', isPlain(label)],
    ['sensor', isPlain(sensor)],
    ['unit', isUnit(unit)],
    ['value', value.trim() !== '' && Number.isFinite(Number(value))],
  ];
  return checks.filter(([, isRight]) => !isRight).map(([field]) => field);
}

/** The bytes of an id that the API named. */
export function idBytes(id: string): Bytes {
  return parseHex(id);
}
