/** Sends signed readings over HTTP: one request after the other on each of a few connections, many readings in each. */

import { Agent, request as httpRequest } from 'node:http';
import { encodeReadingBatch, parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import type { LoadRequest, Signed, Tally } from './telemetry-sender.ts';

/** So many requests in one are answered with receipts that are read one by one; of the others only the outcome is looked for. */
const READ_EVERY = 64;
/** Of refusals: the key `code` of an answer, the key `refusal` of a receipt. */
const REFUSAL_MARKS = ['dcode', 'grefusal'];

export async function sendHttp(load: LoadRequest, signed: readonly Signed[], tally: Tally): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const url = new URL('/api/v1/readings', load.address);
  const bodies: Buffer[] = [];
  for (let i = 0; i < signed.length; i += load.together)
    bodies.push(Buffer.from(encodeReadingBatch(signed.slice(i, i + load.together).map(({ envelope }) => envelope))));
  let next = 0;
  const sendInTurn = async (): Promise<void> => {
    while (next < bodies.length && !tally.isOver()) {
      const turn = next++;
      const sentMs = performance.now();
      const answer = await post(agent, url, bodies[turn] as Buffer);
      if (turn % READ_EVERY === 0) readReceipts(answer, load.together);
      if (REFUSAL_MARKS.some((mark) => answer.includes(mark))) tally.refused += load.together;
      else tally.add(load.together, sentMs);
    }
  };
  await Promise.all(Array.from({ length: load.connections }, sendInTurn));
  agent.destroy();
}

/** Throws unless every answer is the receipt of a kept reading. */
function readReceipts(answer: Buffer, count: number): void {
  const answers = parseReadingAnswers(new Uint8Array(answer));
  if (answers.length !== count) throw new Error(`${answers.length} answers to ${count} readings`);
  for (const { receipt, code } of answers) {
    if (receipt === undefined) throw new Error(`a reading was refused: ${code}`);
    parseReceipt(receipt);
  }
}

function post(agent: Agent, url: URL, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/cbor', accept: 'application/cbor', 'content-length': body.length };
    const request = httpRequest(url, { method: 'POST', agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(parts);
        if (response.statusCode === 200) resolve(answer);
        else reject(new Error(`${response.statusCode}: ${answer.toString('utf8')}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
