/** On whose authority devices change: the account of their maker, or the operator of the city. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type ManufacturerRecord, type ModelRecord, manufacturerKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { City, VerifiedSigner } from '@oppidum/ledger/city';
import { checkAccount, checkRole } from '../authority.ts';

/** A model with the manufacturer that makes it. */
export type Make = { readonly model: ModelRecord; readonly manufacturer: ManufacturerRecord };

/** The model and its manufacturer, or MODEL_UNKNOWN. */
export function readMake(city: Pick<City, 'read' | 'get'>, model: Bytes): Make | Rejection {
  const record = city.read(at(modelKind, model));
  if (record === null) return reject('MODEL_UNKNOWN', { model: toHex(model) });
  return { model: record, manufacturer: city.get(at(manufacturerKind, record.manufacturer)) };
}

/** Refuses what is no longer made: MANUFACTURER_REVOKED, MODEL_REVOKED. */
export function checkMade({ model, manufacturer }: Make): Rejection | null {
  if (manufacturer.to !== undefined) return reject('MANUFACTURER_REVOKED', { revokedAt: manufacturer.to });
  return model.to === undefined ? null : reject('MODEL_REVOKED', { revokedAt: model.to });
}

/** Refuses unless the operator or this maker's account signed (NOT_AUTHORIZED), with a key of this class (KEY_CLASS_TOO_LOW). */
export function checkOperatorOrMaker(city: City, maker: Bytes, keyClass: VerifiedSigner['class']): Rejection | null {
  const asOperator = checkRole(city, 'operator', keyClass);
  if (asOperator === null) return null;
  const asMaker = checkAccount(city, maker, keyClass);
  if (asMaker === null) return null;
  // Who may, but with another key, is told so.
  return asOperator.code === 'KEY_CLASS_TOO_LOW' ? asOperator : asMaker;
}
