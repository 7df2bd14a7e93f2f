/**
 * TLS at the MQTT door (8422). The server's certificate is brought along or made at the first start and kept; nobody issued it, so devices
 * pin it. A client's certificate is asked for and never judged by its issuer: the handshake proves that the other end holds its key, and
 * what that key may do, the ledger says (mqtt-admission.ts).
 */

import { constants, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { certifiedKey, selfSignedCertificate, type TlsIdentity } from '@oppidum/crypto/certificate';
import { readSecretFile } from '@oppidum/crypto/secret-file';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { writeFileDurably } from '@oppidum/node/durable-file';
import type { PeerKey } from './mqtt-admission.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
const SECRET_FILE_MODE = 0o600;

export type TlsOptions = {
  /** PEM of the private key and the certificate that this city made itself; made where it is not. */
  readonly file: string;
  /** Brought along: PEM files, the certificate with its chain. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Subject of a certificate that is made. */
  readonly name: string;
  readonly host: string;
};

/**
 * The certificate that was brought along, else the one kept in the data folder.
 * Throws CONFIG_INVALID for what is no key with its certificate, KEY_FILE_PERMISSIONS, KEY_FILE_MISSING.
 */
export async function readServerIdentity({ file, cert, key, name, host }: TlsOptions): Promise<TlsIdentity> {
  if ((cert === undefined) !== (key === undefined)) throw invalid('tlsCert and tlsKey go together');
  if (cert !== undefined && key !== undefined) return checked({ cert: readText(cert), key: readText(key, readSecretFile) });
  const kept = readKept(file);
  if (kept !== null) return checked({ cert: kept, key: kept });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hosts = [...new Set(['localhost', '127.0.0.1', '::1', host])];
  const made = {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: selfSignedCertificate(privateKey, { commonName: name, hosts, from: new Date() }),
  };
  // DURABLE: certificate
  await writeFileDurably(file, new Uint8Array(Buffer.from(`${made.key}${made.cert}`)), SECRET_FILE_MODE);
  return made;
}

function readKept(file: string): string | null {
  try {
    return Buffer.from(readSecretFile(file)).toString();
  } catch (error) {
    if (error instanceof FormatError && error.code === 'KEY_FILE_MISSING') return null;
    throw error;
  }
}

function readText(path: string, read: (path: string) => Uint8Array = (from) => readFileSync(from)): string {
  try {
    return Buffer.from(read(path)).toString();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw invalid(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function checked(identity: TlsIdentity): TlsIdentity {
  try {
    createServer(identity).close();
    return identity;
  } catch {
    // What OpenSSL says could show a part of a key.
    throw invalid('not a private key with its certificate, both as PEM');
  }
}

function invalid(reason: string): FormatError {
  return formatError('CONFIG_INVALID', { setting: 'tlsCert', reason });
}

/** PEM of the server's own certificate: what a device pins. */
export function certificateOf({ cert }: TlsIdentity): string {
  return new X509Certificate(cert).toString();
}

/** A TLS server that is handed its connections; `onSecure` gets those whose handshake is done, with the key that their certificate is about. */
export function tlsServer(identity: TlsIdentity, onSecure: (socket: TLSSocket, peerKey: PeerKey) => void): Server {
  const server = createServer({
    ...identity,
    minVersion: 'TLSv1.2',
    requestCert: true,
    // No authority issues certificates of devices: there is nothing to verify a chain by.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // Every connection proves anew that it holds its key, and nobody makes us compute again and again on one connection.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  });
  server.on('secureConnection', (socket) => onSecure(socket, peerKeyOf(socket)));
  return server;
}

function peerKeyOf(socket: TLSSocket): PeerKey {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  return certifiedKey(certificate) ?? 'foreign';
}
