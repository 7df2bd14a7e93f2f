/**
 * What a device says of itself to the ledger by its own key, without an account: what it attests, that it is active, which image it runs.
 * Nothing that a gateway answers is believed: each call ends when the ledger proves the record, and begins by asking for it, so it may be
 * interrupted anywhere and begun again.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { encodeDeviceReport } from '@oppidum/formats/device-report';
import { attestationChallenge } from '@oppidum/formats/eat';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { lastReportNumber, reportNumberAfter } from '@oppidum/formats/firmware-report';
import { type DeviceRecord, deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { attestationKind, deviceTrustKind } from '@oppidum/formats/state-trust';
import type { Action } from '@oppidum/formats/transaction';
import { activateDevice, attestDevice, reportFirmware } from './actions.ts';
import type { ProvenRecords } from './proven-records.ts';

/** How reports go up: `CityApi` over HTTP, `MqttLink` for a device that is active. */
export type ReportLink = { sendReport(device: Bytes, message: Bytes): Promise<void> };

type ReportsOptions = {
  readonly crypto: Crypto;
  readonly id: Bytes;
  readonly keyNumber: number;
  readonly signer: Signer;
  readonly records: Pick<ProvenRecords, 'audience' | 'read'>;
  readonly link: ReportLink;
  /** Between two looks at the ledger. */
  readonly retryMs?: number;
};

/** Makes a token (RFC 9711) with this nonce, signed by whatever the model's demand names: the chip's key, or the device's own. */
export type MakeToken = (challenge: Bytes) => Bytes | Promise<Bytes>;

/** A checkpoint comes within a second of its block. */
const ROUND_COUNT_MAX = 20;
const RETRY_MS = 250;

/** The reports of one device. Every method throws the code with which it was refused, and as `ProvenRecords.read` does. */
export class DeviceReports {
  readonly #options: ReportsOptions;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /**
   * Says which image runs, by its SHA-256; resolves when the ledger proves that it knows. An image that the model does not permit sets the
   * device apart. What the ledger knows already is not said again. Throws DEVICE_UNKNOWN, REPORT_UNPROVEN; FIRMWARE_REPORT_OLD where
   * this key has no number left.
   */
  async firmware(digest: Bytes): Promise<void> {
    const { id, keyNumber, signer, records } = this.#options;
    await this.#until(async () => {
      const running = (await records.read(deviceTrustKind, [id]))?.firmware;
      if (running !== undefined && equalBytes(running.digest, digest)) return null;
      const key = await records.read(deviceKeyKind, [id, keyNumber]);
      const report = { id, keyNumber, counter: reportNumberAfter(lastReportNumber(running, key)), digest };
      return [reportFirmware(records.audience, report, signer)];
    });
  }

  /** Answers the ledger's challenge by a token; resolves when the ledger proves that it took it. Throws DEVICE_UNKNOWN, REPORT_UNPROVEN. */
  async attest(makeToken: MakeToken): Promise<void> {
    const answer = this.#answering(makeToken);
    let first: Bytes | null = null;
    await this.#until(async () => {
      const challenge = await this.#challenge(await this.#record());
      first ??= challenge;
      // The challenge follows from the attestation before: another one says that ours was taken.
      if (!equalBytes(first, challenge)) return null;
      return [attestDevice(this.#options.id, await answer(challenge))];
    });
  }

  /**
   * Activates the device by its own word, after its maker registered it; with a token where its model is asked to attest. Resolves when the
   * ledger proves that it is active. Throws DEVICE_UNKNOWN, REPORT_UNPROVEN.
   */
  async activate(makeToken?: MakeToken): Promise<void> {
    const { id, signer, records } = this.#options;
    const answer = makeToken === undefined ? null : this.#answering(makeToken);
    await this.#until(async () => {
      const record = await this.#record();
      if (record.status === 'active') return null;
      const activation = activateDevice(records.audience, record.registration, { id, signer });
      if (answer === null) return [activation];
      return [attestDevice(id, await answer(await this.#challenge(record))), activation];
    });
  }

  async #record(): Promise<DeviceRecord> {
    const { id, records } = this.#options;
    const record = await records.read(deviceKind, [id]);
    if (record === null) throw formatError('DEVICE_UNKNOWN', { device: toHex(id) });
    return record;
  }

  async #challenge({ registration }: DeviceRecord): Promise<Bytes> {
    const { crypto, id, records } = this.#options;
    const newest = await records.read(attestationKind, [id]);
    return attestationChallenge(crypto, records.audience, id, newest?.transaction ?? registration);
  }

  /** One token for each challenge, however often it is asked for. */
  #answering(makeToken: MakeToken): MakeToken {
    let last: { readonly challenge: Bytes; readonly token: Bytes } | null = null;
    return async (challenge) => {
      if (last === null || !equalBytes(last.challenge, challenge)) last = { challenge, token: await makeToken(challenge) };
      return last.token;
    };
  }

  /**
   * Sends what is due until nothing is. The newest checkpoint may be a moment behind: then the ledger refuses the same again, and its
   * record says a moment later why. `due`: what the ledger, as proven, has not heard; null when it has.
   */
  async #until(due: () => Promise<readonly Action[] | null>): Promise<void> {
    const { id, link, retryMs = RETRY_MS } = this.#options;
    let refused: FormatError | null = null;
    let sent: Bytes | null = null;
    for (let round = 0; round < ROUND_COUNT_MAX; round++) {
      if (round > 0) await new Promise((resolve) => setTimeout(resolve, retryMs));
      const actions = await due();
      if (actions === null) return;
      const message = encodeDeviceReport(actions);
      if (sent !== null && refused === null && equalBytes(sent, message)) continue;
      sent = message;
      refused = await link.sendReport(id, message).then(
        () => null,
        (error: unknown) => {
          if (error instanceof FormatError) return error;
          throw error;
        },
      );
      if (refused !== null && FINAL.has(refused.code)) throw refused;
    }
    throw refused ?? formatError('REPORT_UNPROVEN', { device: toHex(id) });
  }
}

/** Waiting for as long as a call does changes none of these. */
const FINAL: ReadonlySet<string> = new Set([
  ...['SIGNATURE_INVALID', 'ATTESTATION_MISSING', 'ATTESTATION_UNASKED', 'REPORT_FOREIGN', 'TOO_LARGE'],
  ...['DEVICE_REVOKED', 'MODEL_REVOKED', 'MANUFACTURER_REVOKED', 'DEVICE_NOT_ACTIVE', 'DEVICE_SUSPENDED'],
  ...['RATE_LIMITED', 'REPORTS_SPENT'],
]);
