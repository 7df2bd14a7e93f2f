/** Requests that are bytes already, one after the other on a connection that is kept: a client library costs more than the door. */

import type { Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

type Answer = { readonly status: number; readonly body: Buffer };

/** One request at a time. */
export type Exchange = { readonly send: (request: Buffer) => Promise<Answer>; readonly end: () => void };

/** A connection that is kept (RFC 9112 §9.3); answers have a content-length. */
export function openConnection(socket: Socket): Exchange {
  let chunks: Buffer[] = [];
  let size = 0;
  let sizeWanted = 0;
  let waiting: PromiseWithResolvers<Answer> | null = null;
  const end = (error: Error): void => waiting?.reject(error);
  socket.setNoDelay(true);
  socket.on('error', end);
  socket.on('close', () => end(new Error('the city ended a connection')));
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < sizeWanted) return;
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    const headSize = bytes.indexOf(HEAD_END) + HEAD_END.length;
    if (headSize < HEAD_END.length) return;
    const head = bytes.toString('latin1', 0, headSize);
    sizeWanted = headSize + Number(/^content-length: *([0-9]+)\r$/im.exec(head)?.[1]);
    if (!(size >= sizeWanted)) return;
    const answer = { status: Number(head.slice(9, 12)), body: bytes.subarray(headSize, sizeWanted) };
    [chunks, size, sizeWanted] = [[], 0, 0];
    waiting?.resolve(answer);
  });
  return {
    send(request) {
      waiting = Promise.withResolvers();
      socket.write(request);
      return waiting.promise;
    },
    end() {
      waiting = null;
      socket.destroy();
    },
  };
}
