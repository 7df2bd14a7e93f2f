/** What is said of acts about zones and orders, in every language; `act-words.ts` takes it in. */

import type { ORDER_ACTIONS } from '@oppidum/formats/order-actions';

type OrderActKind = keyof typeof ORDER_ACTIONS;

/** Names of fields in these acts, and in the statements that stand in them. */
export type OrderFieldName =
  | 'city'
  | 'zone'
  | 'domain'
  | 'keySet'
  | 'envelope'
  | 'document'
  | 'statement'
  | 'signatures'
  | 'signature'
  | 'envelopeSignatures'
  | 'keys'
  | 'dangerousThreshold'
  | 'target'
  | 'challenge'
  | 'command'
  | 'arguments'
  | 'lifetimeMs'
  | 'mode'
  | 'nonce'
  | 'previous'
  | 'independence'
  | 'quantities'
  | 'quantity'
  | 'least'
  | 'agreeWithin'
  | 'freshMs'
  | 'rules'
  | 'needs'
  | 'safe'
  | 'dangerous'
  | 'lifetimeMsMax'
  | 'dangerousLifetimeMsMax';

export type OrderWords = {
  readonly acts: Readonly<Record<OrderActKind, string>>;
  readonly risks: Readonly<Partial<Record<OrderActKind, string>>>;
  readonly fields: Readonly<Record<OrderFieldName, string>>;
};
