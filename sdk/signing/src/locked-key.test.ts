import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { armor, Encrypter } from 'age-encryption';
import { lockKey, looksLocked, unlockKey } from './locked-key.ts';

const PASSPHRASE = 'correct horse battery staple';
const SEED = new Uint8Array(32).fill(7);
/** The least work that is allowed: tests wait for it. */
const WORK = 17;

async function codeOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
    return 'OK';
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    assert.doesNotMatch(JSON.stringify([error.message, error.details]), /correct horse|0707/, 'no error tells a secret');
    return error.code;
  }
}

async function sealed(
  content: Uint8Array | string,
  change = (encrypter: Encrypter): void => encrypter.setPassphrase(PASSPHRASE),
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  change(encrypter);
  if (content === 'low') encrypter.setScryptWorkFactor(10);
  else encrypter.setScryptWorkFactor(WORK);
  return encrypter.encrypt(content);
}

describe('a key under a passphrase', () => {
  test('opens with it, with all that was pinned, however its characters were composed', async () => {
    const key = { seed: SEED, account: new Uint8Array(32).fill(1), policy: encodeUtf8('log x') };
    const text = await lockKey(key, 'pässphräse öf twelve', WORK);
    assert.ok(looksLocked(encodeUtf8(text)));
    assert.match(text, /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    assert.deepEqual(await unlockKey(encodeUtf8(text), 'pässphräse öf twelve'.normalize('NFD')), key);
  });

  test('what is refused, by its code', async () => {
    const text = await lockKey({ seed: SEED }, PASSPHRASE, WORK);
    const [file, other] = [encodeUtf8(text), 'another passphrase'];
    const bytes = armor.decode(text);
    const altered = (at: number): Uint8Array => {
      const copy = Uint8Array.from(bytes);
      copy[copy.length + at] = (copy[copy.length + at] as number) ^ 1;
      return encodeUtf8(armor.encode(copy));
    };
    const withWork = (work: string): Uint8Array =>
      encodeUtf8(
        armor.encode(
          new Uint8Array(Buffer.from(Buffer.from(bytes).toString('latin1').replace(` ${WORK}\n`, ` ${work}\n`), 'latin1')),
        ),
      );
    const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
    const table: readonly (readonly [what: string, code: string, attempt: () => Promise<unknown>])[] = [
      ['another passphrase', 'PASSPHRASE_WRONG', () => unlockKey(file, other)],
      ['an altered end', 'ACCOUNT_KEY_INVALID', () => unlockKey(altered(-1), PASSPHRASE)],
      ['too little work', 'ACCOUNT_KEY_COST', async () => unlockKey(encodeUtf8(armor.encode(await sealed('low'))), PASSPHRASE)],
      ['2^16', 'ACCOUNT_KEY_COST', () => unlockKey(withWork('16'), PASSPHRASE)],
      ['2^21', 'ACCOUNT_KEY_COST', () => unlockKey(withWork('21'), PASSPHRASE)],
      ['2^9999', 'ACCOUNT_KEY_COST', () => unlockKey(withWork('9999'), PASSPHRASE)],
      ['a work of 017', 'ACCOUNT_KEY_INVALID', () => unlockKey(withWork('017'), PASSPHRASE)],
      ['no age file', 'ACCOUNT_KEY_INVALID', () => unlockKey(encodeUtf8('hello'), PASSPHRASE)],
      ['age without armor', 'ACCOUNT_KEY_INVALID', () => unlockKey(bytes, PASSPHRASE)],
      ['half of it', 'ACCOUNT_KEY_INVALID', () => unlockKey(file.subarray(0, 200), PASSPHRASE)],
      ['no file at all', 'ACCOUNT_KEY_INVALID', () => unlockKey(new Uint8Array(0), PASSPHRASE)],
      ['a file of a megabyte', 'TOO_LARGE', () => unlockKey(new Uint8Array(1_000_000), PASSPHRASE)],
      [
        'sealed for a recipient',
        'ACCOUNT_KEY_INVALID',
        async () =>
          unlockKey(encodeUtf8(armor.encode(await sealed('x', (encrypter) => encrypter.addRecipient(recipient)))), PASSPHRASE),
      ],
      [
        'something else inside',
        'ACCOUNT_KEY_INVALID',
        async () => unlockKey(encodeUtf8(armor.encode(await sealed('x'))), PASSPHRASE),
      ],
      ['a short passphrase', 'PASSPHRASE_SHORT', () => lockKey({ seed: SEED }, 'elevenchars', WORK)],
      ['an endless passphrase', 'PASSPHRASE_SHORT', () => lockKey({ seed: SEED }, 'x'.repeat(1_025), WORK)],
      ['little work asked', 'ACCOUNT_KEY_COST', () => lockKey({ seed: SEED }, PASSPHRASE, 16)],
    ];
    for (const [what, code, attempt] of table) assert.equal(await codeOf(attempt), code, what);
  });
});
