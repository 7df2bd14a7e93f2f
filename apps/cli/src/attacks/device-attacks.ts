/** Attacks with and on devices: sold twice, copied, and readings that a gateway keeps back. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { makeTransaction } from '@oppidum/device/actions';
import type { TransactionResult } from '@oppidum/device/city-client';
import { equalBytes } from '@oppidum/formats/bytes';
import { type CompleteRange, encodeCompleteRange, parseCompleteRange } from '@oppidum/formats/complete-range';
import { draftChallenge } from '@oppidum/formats/device-challenge';
import { FormatError } from '@oppidum/formats/errors';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { type VoucherLinkRecord, voucherLinkKind } from '@oppidum/formats/state-trust';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { actionOf, freshId, keyOf } from '../transactions.ts';
import type { Attack } from './attack.ts';
import type { AttackedCity } from './attacked-city.ts';
import { provenEntry, provenRecord, readingsOf } from './city-evidence.ts';
import { newMachine } from './make-street.ts';

/** Above every number that the lamp itself has used: a clone would overtake it. */
const CLONE_NUMBER = 2 ** 31;
const HOUR_MS = 3_600_000;

export const CLONED_DEVICE: Attack = {
  name: 'cloned-device',
  tried: 'A clone with the copied id of the lamp, but not its key, asks the gateway for the lamp’s orders.',
  stop: { ending: 'prevented', by: 'the gateway', rule: 'SIGNATURE_INVALID' },
  run: async (city) => {
    const { api, records, lamp } = city;
    const clone = newMachine().signer;
    const challenge = freshId();
    const body = { city: records.audience, device: lamp.id, challenge, keyNumber: 0, number: CLONE_NUMBER };
    const { toBeSigned, seal } = draftChallenge(nativeCrypto, body);
    try {
      await api.sendChallenge(lamp.id, seal(clone.sign(toBeSigned)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const exhibits = [await provenRecord(city, 'key-of-the-lamp.evidence', deviceKeyKind, [lamp.id, 0])];
      return {
        rule: error.code,
        saw: 'the challenge of the clone is not under the key that the ledger has for the lamp',
        exhibits,
      };
    }
    return { rule: null, saw: 'from now on orders to the lamp are made for the clone' };
  },
};

export const DOUBLE_SALE: Attack = {
  name: 'double-sale',
  tried: 'The owner of the lamp sells it to one buyer and then, by the same link of its voucher, to another.',
  stop: { ending: 'prevented', by: 'the ledger', rule: 'VOUCHER_SPENT' },
  run: async (city) => {
    const { lamp } = city;
    const [seller, first, second] = [await openAccount(city), await openAccount(city), await openAccount(city)];
    await city.do([actionOf('device/vouch', { id: lamp.id, owner: seller.account })]);
    const sell = ({ account: owner }: TransactionSigner): Promise<TransactionResult> =>
      submitBy(city, seller, actionOf('device/transfer', { id: lamp.id, link: 0, owner }));
    const sold = await sell(first);
    if (sold.code !== 'OK') throw new Error(`the first sale was refused: ${sold.code}`);
    const { code, id } = await sell(second);
    if (code === 'OK') return { rule: null, saw: 'both buyers have a link from the same owner' };
    const isFirst = ({ owner }: VoucherLinkRecord): boolean => equalBytes(owner, first.account);
    const exhibits = [
      await provenRecord(city, 'first-buyer.evidence', voucherLinkKind, [lamp.id, 1], isFirst),
      await provenEntry(city, 'refused-sale.evidence', id),
    ];
    return { rule: code, saw: 'the lamp is the first buyer’s, which the evidence shows to the second', exhibits };
  },
};

export const WITHHELD_READINGS: Attack = {
  name: 'withheld-readings',
  tried: 'A gateway that is asked for every reading of the lamp leaves one out; all that it shows is true.',
  stop: { ending: 'detected', by: 'whoever asked, by the numbers that the lamp signed', rule: 'INCOMPLETE' },
  run: async (city) => {
    const { records, rules } = city;
    for (let value = 1; value <= 3; value++) await city.lamp.report(value);
    const whole = await longRange(city);
    const withheld = whole.evidence.length - 2;
    const file = encodeCompleteRange({ ...whole, evidence: whole.evidence.filter((_, i) => i !== withheld) });
    const [{ range: honest }, { report, range }] = [encodeCompleteRange(whole), file].map((each) =>
      rules.verifyRange(nativeCrypto, each, { policy: records.policy }),
    ) as [ReturnType<typeof rules.verifyRange>, ReturnType<typeof rules.verifyRange>];
    if (honest === null || honest.gaps.length > 0) throw new Error('the range is not whole before anything is left out');
    const exhibits = [{ name: 'withheld.readings', file, verdict: range?.isComplete === false ? 'INCOMPLETE' : report.verdict }];
    const [gap] = range?.gaps ?? [];
    if (gap === undefined) return { rule: null, saw: 'the range passes for whole', exhibits };
    const saw = `all that is shown is proven, and nothing is shown of number ${gap.first}`;
    return { rule: 'INCOMPLETE', saw, exhibits };
  },
};

/** An account of somebody, under a key of their own. */
async function openAccount(city: AttackedCity): Promise<TransactionSigner> {
  const [account, { signer }] = [freshId(), newMachine()];
  await city.do([
    actionOf('account/create', { id: account, holder: 'organisation', key: keyOf(signer.publicKey), class: 'full' }),
  ]);
  return { account, keyNumber: 0, signer };
}

function submitBy(
  { api, records }: AttackedCity,
  by: TransactionSigner,
  action: ReturnType<typeof actionOf>,
): Promise<TransactionResult> {
  return api.submit(makeTransaction(records.audience, [action], [by]));
}

/** All of the lamp's readings, once there are three. */
async function longRange(city: AttackedCity): Promise<CompleteRange> {
  let whole: CompleteRange | null = null;
  await city.until('readings to be anchored', async () => {
    const nowMs = Date.now();
    const file = await readingsOf(city, city.lamp.id, { fromMs: nowMs - HOUR_MS, toMs: nowMs + HOUR_MS });
    whole = file === null ? null : parseCompleteRange(file);
    return (whole?.evidence.length ?? 0) >= 3;
  });
  if (whole === null) throw new Error('the range was there a moment ago');
  return whole;
}
