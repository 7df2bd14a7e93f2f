/** A running city whose council is two of three people, each with a key file under a passphrase: what signing apart needs. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { makeTransaction } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { readSeed } from '@oppidum/device/key-file';
import { pinCity } from '@oppidum/formats/account-key';
import { type Bytes, compareBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { parseGenesis } from '@oppidum/formats/genesis';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import { lockKey } from '@oppidum/signing/locked-key';
import type { CityProcess } from './city-process.ts';
import { freshBytes } from './running-city.ts';

export const PASSPHRASE = 'six random words are better';
/** The least work that a key file may ask for: tests wait for it. */
const WORK = 17;

/** A member of the council; `keyFile` pins account and city. */
export type CouncilMember = TransactionSigner & { readonly seed: Bytes; readonly id: string; readonly keyFile: string };

/** The council of a running city. */
export type Council = {
  readonly body: Bytes;
  readonly genesis: Bytes;
  readonly policyFile: Bytes;
  readonly members: readonly [CouncilMember, CouncilMember, CouncilMember];
  /** Signs and submits; its result code. */
  readonly act: (actions: readonly Action[], by: TransactionSigner) => Promise<string>;
};

/** An action of these fields. */
export function action(kind: string, fields: Readonly<Record<string, CborValue>>): Action {
  return { kind, body: new Map(Object.entries(fields)) as CborMap };
}

/** Adds two people to the council of a fresh city and lets two of three decide. Key files go into `folder`. */
export async function makeCouncil(city: Pick<CityProcess, 'http'>, data: string, folder: string): Promise<Council> {
  const policyFile = new Uint8Array(readFileSync(join(data, 'city.policy')));
  const { genesis } = pinCity(nativeCrypto, policyFile);
  const { council: body } = parseGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor'))));
  const { operator } = JSON.parse(readFileSync(join(data, 'keys', 'accounts.json'), 'utf8')) as { readonly operator: string };
  const api = new CityApi(city.http);
  const act = async (actions: readonly Action[], by: TransactionSigner): Promise<string> =>
    (await api.submit(makeTransaction(genesis, actions, [by]))).code;

  const member = async (account: Bytes, seed: Bytes, name: string): Promise<CouncilMember> => {
    const keyFile = join(folder, `${name}.key`);
    writeFileSync(keyFile, await lockKey({ seed, account, policy: policyFile }, PASSPHRASE, WORK));
    return { account, keyNumber: 0, signer: ed25519Signer(seed), seed, id: toHex(account), keyFile };
  };
  const first = await member(parseHex(operator), readSeed(join(data, 'keys', 'operator.seed')), 'operator');
  const others = [
    await member(freshBytes(32), freshBytes(32), 'ben'),
    await member(freshBytes(32), freshBytes(32), 'clara'),
  ] as const;
  const creations = others.map(({ account, signer }, i) => {
    const key = new Map<string, CborValue>([
      ['algorithm', signer.algorithm],
      ['publicKey', signer.publicKey],
    ]);
    return action('account/create', {
      id: account,
      holder: 'organisation',
      name: i === 0 ? 'Ben & Sons' : 'Clara',
      key,
      class: 'full',
    });
  });
  const members = [first, ...others].map(({ account }) => account).sort(compareBytes);
  const change = action('body/change', { id: body, threshold: 2, members });
  const codes = [await act(creations, first), await act([propose(body, [change])], first)];
  if (codes.some((code) => code !== 'OK')) throw new Error(`no council was made: ${codes.join(', ')}`);
  return { body, genesis, policyFile, members: [first, ...others], act };
}

/** `proposal/create` before a body, open for a day. */
export function propose(body: Bytes, actions: readonly Action[], id = freshBytes(32)): Action {
  const list = actions.map(({ kind, body: fields }): CborValue => [kind, fields]);
  return action('proposal/create', { id, body, actions: list, expiresMs: Date.now() + 86_400_000 });
}
