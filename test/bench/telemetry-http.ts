/**
 * Sends signed readings over HTTP: one request after the other on each of a few connections, many readings in each. The requests are made
 * before and written as they are: a client library would cost more than the door.
 */

import { connect } from 'node:net';
import { encodeReadingBatch, parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import { openConnection } from './http-exchange.ts';
import type { LoadRequest, Sending, Signed } from './telemetry-sender.ts';

/** So many requests in one are answered with receipts that are read one by one; of the others only the outcome is looked for. */
const READ_EVERY = 64;
/** Of refusals: the key `code` of an answer, the key `refusal` of a receipt. */
const REFUSAL_MARKS = ['dcode', 'grefusal'].map((mark) => Buffer.from(mark));

export function prepareHttp(load: LoadRequest, signed: readonly Signed[]): Sending {
  const { hostname, port, host } = new URL(load.address);
  const requests: Buffer[] = [];
  for (let i = 0; i < signed.length; i += load.together) {
    const body = encodeReadingBatch(signed.slice(i, i + load.together).map(({ envelope }) => envelope));
    const types = 'content-type: application/cbor\r\naccept: application/cbor';
    const head = `POST /api/v1/readings HTTP/1.1\r\nhost: ${host}\r\n${types}\r\ncontent-length: ${body.length}\r\n\r\n`;
    requests.push(Buffer.concat([Buffer.from(head), body]));
  }
  return async (tally) => {
    let next = 0;
    const sendInTurn = async (): Promise<void> => {
      const exchange = openConnection(connect(Number(port), hostname));
      while (next < requests.length && !tally.isOver()) {
        const turn = next++;
        const sentMs = performance.now();
        const { status, body } = await exchange.send(requests[turn] as Buffer);
        if (status !== 200) throw new Error(`${status}: ${body.toString('utf8')}`);
        if (turn % READ_EVERY === 0) readReceipts(body, load.together);
        if (REFUSAL_MARKS.some((mark) => body.includes(mark))) tally.refused += load.together;
        else tally.add(load.together, sentMs);
      }
      exchange.end();
    };
    await Promise.all(Array.from({ length: load.connections }, sendInTurn));
  };
}

/** Throws unless every answer is the receipt of a kept reading. */
function readReceipts(body: Buffer, count: number): void {
  const answers = parseReadingAnswers(new Uint8Array(body));
  if (answers.length !== count) throw new Error(`${answers.length} answers to ${count} readings`);
  for (const { receipt, code } of answers) {
    if (receipt === undefined) throw new Error(`a reading was refused: ${code}`);
    parseReceipt(receipt);
  }
}
