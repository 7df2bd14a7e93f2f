/**
 * The sixteen methods of ABCI 2.0: number, request and response of each, as `proto/tendermint/abci/types.proto` of CometBFT v0.38 has
 * them. The outer message is a `oneof`, so its bytes are one tag, one length and the body; it is read and written here, the bodies are
 * the codecs of `cosmjs-types`, but for what comes with every transaction (`hot-codecs.ts`). Integers of 64 bits are bigint.
 */

import {
  RequestApplySnapshotChunk,
  RequestCommit,
  RequestEcho,
  RequestExtendVote,
  RequestFinalizeBlock,
  RequestFlush,
  RequestInfo,
  RequestInitChain,
  RequestListSnapshots,
  RequestLoadSnapshotChunk,
  RequestOfferSnapshot,
  RequestPrepareProposal,
  RequestProcessProposal,
  RequestQuery,
  RequestVerifyVoteExtension,
  ResponseApplySnapshotChunk,
  ResponseCommit,
  ResponseEcho,
  ResponseException,
  ResponseExtendVote,
  ResponseFlush,
  ResponseInfo,
  ResponseInitChain,
  ResponseListSnapshots,
  ResponseLoadSnapshotChunk,
  ResponseOfferSnapshot,
  ResponseProcessProposal,
  ResponseQuery,
  ResponseVerifyVoteExtension,
  type Request as WireRequest,
  type Response as WireResponse,
} from 'cosmjs-types/tendermint/abci/types';
import { encodeVarint } from './frames.ts';
import { blockAnswer, checkTxAnswer, parseCheckTx, proposal, withTxs } from './hot-codecs.ts';
import { WireError } from './wire-error.ts';

/** The request of each method by its name. */
export type Requests = Required<WireRequest>;
/** The response of each method by its name. */
export type Responses = Required<Omit<WireResponse, 'exception'>>;
export type Method = keyof Requests;
/** A request with its method. */
export type MethodCall = { readonly [M in Method]: { readonly method: M; readonly request: Requests[M] } }[Method];

type Codec<M extends Method> = {
  /** Field number in `Request`. */
  readonly requestNumber: number;
  /** Field number in `Response`. */
  readonly responseNumber: number;
  readonly parse: (body: Uint8Array) => Requests[M];
  readonly encode: (response: Responses[M]) => Uint8Array;
};

function codec<M extends Method>(
  requestNumber: number,
  responseNumber: number,
  request: { decode(body: Uint8Array): Requests[M] },
  response: { encode(response: Responses[M]): { finish(): Uint8Array } },
): Codec<M> {
  return {
    requestNumber,
    responseNumber,
    parse: (body) => request.decode(body),
    encode: (answer) => response.encode(answer).finish(),
  };
}

const CODECS: { readonly [M in Method]: Codec<M> } = {
  echo: codec<'echo'>(1, 2, RequestEcho, ResponseEcho),
  flush: codec<'flush'>(2, 3, RequestFlush, ResponseFlush),
  info: codec<'info'>(3, 4, RequestInfo, ResponseInfo),
  initChain: codec<'initChain'>(5, 6, RequestInitChain, ResponseInitChain),
  query: codec<'query'>(6, 7, RequestQuery, ResponseQuery),
  checkTx: codec<'checkTx'>(8, 9, { decode: parseCheckTx }, checkTxAnswer),
  commit: codec<'commit'>(11, 12, RequestCommit, ResponseCommit),
  listSnapshots: codec<'listSnapshots'>(12, 13, RequestListSnapshots, ResponseListSnapshots),
  offerSnapshot: codec<'offerSnapshot'>(13, 14, RequestOfferSnapshot, ResponseOfferSnapshot),
  loadSnapshotChunk: codec<'loadSnapshotChunk'>(14, 15, RequestLoadSnapshotChunk, ResponseLoadSnapshotChunk),
  applySnapshotChunk: codec<'applySnapshotChunk'>(15, 16, RequestApplySnapshotChunk, ResponseApplySnapshotChunk),
  prepareProposal: codec<'prepareProposal'>(16, 17, withTxs(2, RequestPrepareProposal), proposal),
  processProposal: codec<'processProposal'>(17, 18, withTxs(1, RequestProcessProposal), ResponseProcessProposal),
  extendVote: codec<'extendVote'>(18, 19, RequestExtendVote, ResponseExtendVote),
  verifyVoteExtension: codec<'verifyVoteExtension'>(19, 20, RequestVerifyVoteExtension, ResponseVerifyVoteExtension),
  finalizeBlock: codec<'finalizeBlock'>(20, 21, withTxs(1, RequestFinalizeBlock), blockAnswer),
};
const EXCEPTION_NUMBER = 1;

/** All sixteen, by their number. */
export const METHODS = Object.keys(CODECS) as readonly Method[];
const BY_TAG: ReadonlyMap<number, Method> = new Map(METHODS.map((method) => [tagOf(CODECS[method].requestNumber), method]));

/** Reads a frame. Throws WireError: METHOD_UNKNOWN, MESSAGE_MALFORMED. */
export function parseRequest(frame: Uint8Array): MethodCall {
  const [tag, bodySizeAt] = readVarint(frame, 0);
  const method = BY_TAG.get(tag);
  if (method === undefined) throw new WireError('METHOD_UNKNOWN', `no method has the tag ${tag}`);
  const [bodySize, bodyAt] = readVarint(frame, bodySizeAt);
  // A second field would be a second method, or one that this version does not know.
  if (bodyAt + bodySize < frame.length) throw new WireError('METHOD_UNKNOWN', 'one request names one method');
  if (bodyAt + bodySize > frame.length) throw new WireError('MESSAGE_MALFORMED', `a ${method} request that is cut off`);
  return { method, request: parseBody(method, frame.subarray(bodyAt)) } as MethodCall;
}

/** A whole frame with its header. */
export function encodeResponse<M extends Method>(method: M, response: Responses[M]): Uint8Array {
  const { responseNumber, encode } = CODECS[method];
  return encodeFrame(responseNumber, encode(response));
}

/** A frame after which CometBFT stops its node. */
export function encodeException(error: string): Uint8Array {
  return encodeFrame(EXCEPTION_NUMBER, ResponseException.encode({ error }).finish());
}

function encodeFrame(number: number, body: Uint8Array): Uint8Array {
  const head = [...encodeVarint(tagOf(number)), ...encodeVarint(body.length)];
  const header = encodeVarint(head.length + body.length);
  const frame = new Uint8Array(header.length + head.length + body.length);
  frame.set(header);
  frame.set(head, header.length);
  frame.set(body, header.length + head.length);
  return frame;
}

function parseBody(method: Method, body: Uint8Array): Requests[Method] {
  try {
    return CODECS[method].parse(body);
  } catch (error) {
    // The codec says in words of its own where a body ends too early or has a type that no field has.
    throw new WireError('MESSAGE_MALFORMED', `a ${method} request: ${(error as Error).message}`);
  }
}

/** Value and where it ends. Throws WireError. */
function readVarint(bytes: Uint8Array, start: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) throw new WireError('MESSAGE_MALFORMED', 'a request that is cut off');
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, start + i + 1];
  }
  throw new WireError('MESSAGE_MALFORMED', 'a number of more than 35 bits');
}

/** Wire type 2: a length and as many bytes. */
function tagOf(number: number): number {
  return number * 8 + 2;
}
