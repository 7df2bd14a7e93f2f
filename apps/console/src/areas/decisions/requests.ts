/** Requests that wait for their answer, kept in this browser until the answer is back; nobody else knows of them. */

import { type Bytes, encodeBase64, parseBase64 } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { parseSigningRequest, type SigningRequest } from '@oppidum/formats/signing-request';

const STORED = 'oppidum.console.requests';
const COUNT_MAX = 20;
/** Some days after its end a request is of no use to anybody. */
const KEPT_MS = 3 * 86_400_000;

/** A request with the answers that are checked already; `small` is for QR codes. */
export type KeptRequest = {
  readonly id: string;
  readonly file: Bytes;
  readonly small: Bytes;
  readonly request: SigningRequest;
  readonly answers: readonly Bytes[];
};

type Stored = { readonly id: string; readonly file: string; readonly small: string; readonly answers: readonly string[] };

let kept: readonly KeptRequest[] | null = null;
let isBlocked = false;

/** All of them, the newest first. */
export function keptRequests(): readonly KeptRequest[] {
  kept ??= readStored();
  return kept;
}

/** True where the browser keeps nothing: then they live as long as the page. */
export function isStorageBlocked(): boolean {
  return isBlocked;
}

/** Adds a request, or replaces it by its id. */
export function keepRequest(request: Omit<KeptRequest, 'request'>): KeptRequest {
  const whole = { ...request, request: parseSigningRequest(request.file) };
  const others = keptRequests().filter(({ id }) => id !== request.id);
  write([whole, ...others].slice(0, COUNT_MAX));
  return whole;
}

/** Forgets one. */
export function forgetRequest(id: string): void {
  write(keptRequests().filter((each) => each.id !== id));
}

function write(requests: readonly KeptRequest[]): void {
  kept = requests;
  const stored: readonly Stored[] = requests.map(({ id, file, small, answers }) => ({
    id,
    file: encodeBase64(file),
    small: encodeBase64(small),
    answers: answers.map(encodeBase64),
  }));
  try {
    localStorage.setItem(STORED, JSON.stringify(stored));
    isBlocked = false;
  } catch {
    isBlocked = true;
  }
}

function readStored(): readonly KeptRequest[] {
  try {
    const stored = JSON.parse(localStorage.getItem(STORED) ?? '[]') as readonly Stored[];
    return stored.map(open).filter(({ request }) => request.transaction.validUntil + KEPT_MS > Date.now());
  } catch (error) {
    // What another version or hand wrote there is none of ours.
    isBlocked = !(error instanceof FormatError || error instanceof SyntaxError || error instanceof TypeError);
    return [];
  }
}

function open({ id, file, small, answers }: Stored): KeptRequest {
  const bytes = parseBase64(file);
  return { id, file: bytes, small: parseBase64(small), request: parseSigningRequest(bytes), answers: answers.map(parseBase64) };
}
