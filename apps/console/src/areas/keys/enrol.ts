/** Asking to be enrolled, and judging the invitation that comes back (specs/enrolment.md). */

import { parseHex, toHex } from '@oppidum/formats/bytes';
import {
  checkEnrolmentRequest,
  checkInvitation,
  type EnrolmentRequest,
  encodeEnrolmentRequest,
  enrolmentChallenge,
  parseEnrolmentRequest,
  parseInvitation,
  type RequestContext,
} from '@oppidum/formats/enrolment';
import { type ErrorCode, FormatError } from '@oppidum/formats/errors';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { verifySignature } from '@oppidum/formats/public-key';
import { type KeptAccount, type KeptKey, publicKeyOf, signBy } from './key-store.ts';

/** Before an invitation in a link. */
const LINK = /^https?:[^#]{1,512}#\/keys\//;

/** Letters break lines, and an invitation may come as the link that holds it. */
const unbroken = (text: string): string => text.replaceAll(/\s+/g, '').replace(LINK, '');

/** The address at which an invitation opens, in the console that shows it. */
export function invitationLink(invitation: string): string {
  return `${location.origin}/#/keys/${invitation}`;
}

/** The text that a registrar enrols the key by; `nowMs` by the city's clock. */
export async function makeRequest(key: KeptKey, nowMs: number): Promise<string> {
  const plain = { city: parseHex(key.genesis), key: publicKeyOf(key), class: 'everyday', madeMs: nowMs } as const;
  return encodeEnrolmentRequest({ ...plain, proof: await signBy(key, enrolmentChallenge(plain)) });
}

/** Where an invitation says the key stands, or why it is not for this key and city. Never throws. */
export function readInvitation(text: string, key: KeptKey): KeptAccount | ErrorCode {
  return codeOr(() => {
    const invitation = parseInvitation(unbroken(text));
    const refused = checkInvitation(crypto, invitation, { city: parseHex(key.genesis), key: publicKeyOf(key) });
    return refused?.code ?? { id: toHex(invitation.account), keyNumber: invitation.keyNumber };
  });
}

/** Somebody's request, if it may be enrolled here and now, or why it may not. Never throws. */
export function readRequest(text: string, genesis: string, nowMs: number): EnrolmentRequest | ErrorCode {
  return codeOr(() => {
    const request = parseEnrolmentRequest(unbroken(text));
    const verify: RequestContext['verify'] = (...signed) => verifySignature(crypto, ...signed);
    return checkEnrolmentRequest(request, { city: parseHex(genesis), nowMs, verify })?.code ?? request;
  });
}

function codeOr<T>(read: () => T | ErrorCode): T | ErrorCode {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}
