/** What an engine proved against a validator, as a block carries it. */

import type { Bytes } from '@oppidum/formats/bytes';

/** `address` is how consensus names the key (20 bytes); `voteHeight` is the height at which it voted as it must not. */
export type Misbehaviour = {
  readonly kind: 'duplicate-vote' | 'light-client-attack';
  readonly address: Bytes;
  readonly voteHeight: number;
};
