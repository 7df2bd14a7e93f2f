/**
 * Certificates (X.509, RFC 5280) where TLS wants them and nobody trusts an issuer: self-signed, compared by key or pinned by fingerprint.
 * The encoding is that of a library, the signatures are Node's.
 */

import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Bytes } from '@oppidum/formats/bytes';
import { EDDSA, ES256, type PublicKey } from '@oppidum/formats/ids';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Extension,
  Extensions,
  GeneralName,
  id_ce_subjectAltName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

/** id-Ed25519 (RFC 8410 §3), ecdsa-with-SHA256 (RFC 5758 §3.2), id-at-commonName (RFC 5280 App. A.1). */
const OID = { ed25519: '1.3.101.112', ecdsaWithSha256: '1.2.840.10045.4.3.2', commonName: '2.5.4.3' } as const;
/** RFC 5280 §4.1.2.5: no end is known. What speaks for the key, the ledger or a pin, says when it is over. */
const NO_END = new Date('9999-12-31T23:59:59Z');
/** RFC 5280 §4.1.2.2: positive, at most 20 bytes. */
const SERIAL_SIZE = 16;
const LINE_LENGTH = 64;
/** PKCS #8 of an Ed25519 seed (RFC 8410 §7) up to the seed. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export type CertificateOptions = {
  readonly commonName: string;
  /** Names and addresses of a server; none for a client. */
  readonly hosts?: readonly string[];
  readonly from: Date;
};

/** What a TLS connection presents: PEM of a certificate and its private key. */
export type TlsIdentity = { readonly cert: string; readonly key: string };

/** Makes a certificate without end, signed by its own key (Ed25519 or P-256), as PEM. */
export function selfSignedCertificate(privateKey: KeyObject, options: CertificateOptions): string {
  const { commonName, hosts = [], from } = options;
  const isEd25519 = privateKey.asymmetricKeyType === 'ed25519';
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: isEd25519 ? OID.ed25519 : OID.ecdsaWithSha256 });
  const name = new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: OID.commonName, value: new AttributeValue({ utf8String: commonName }) }),
    ]),
  ]);
  const serial = randomBytes(SERIAL_SIZE);
  // The first bit is the sign, the first byte may not be superfluous (X.690 §8.3.2).
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const body = new TBSCertificate({
    version: Version.v3,
    serialNumber: bufferOf(serial),
    signature: signatureAlgorithm,
    issuer: name,
    subject: name,
    validity: new Validity({ notBefore: from, notAfter: NO_END }),
    subjectPublicKeyInfo: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    ...(hosts.length === 0 ? {} : { extensions: new Extensions([alternativeNames(hosts)]) }),
  });
  const signatureValue = sign(isEd25519 ? null : 'sha256', new Uint8Array(AsnConvert.serialize(body)), privateKey);
  const certificate = new Certificate({ tbsCertificate: body, signatureAlgorithm, signatureValue: bufferOf(signatureValue) });
  return pemOf('CERTIFICATE', new Uint8Array(AsnConvert.serialize(certificate)));
}

function alternativeNames(hosts: readonly string[]): Extension {
  const names = hosts.map((host) => new GeneralName(isIP(host) === 0 ? { dNSName: host } : { iPAddress: host }));
  const value = AsnConvert.serialize(new SubjectAlternativeName(names));
  return new Extension({ extnID: id_ce_subjectAltName, extnValue: new OctetString(value) });
}

/** What a device with an Ed25519 seed presents: a certificate of the very key that the ledger knows. */
export function deviceIdentity(seed: Bytes, options: CertificateOptions): TlsIdentity {
  const privateKey = createPrivateKey({ key: Buffer.concat([ED25519_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return {
    cert: selfSignedCertificate(privateKey, options),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** The key that a certificate is about, or null for one that no device can have. */
export function certifiedKey({ publicKey }: X509Certificate): PublicKey | null {
  const { kty, crv, x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const part = (text: string): Buffer => Buffer.from(text, 'base64url');
  if (kty === 'OKP' && crv === 'Ed25519') return { algorithm: EDDSA, publicKey: new Uint8Array(part(x)) };
  if (kty !== 'EC' || crv !== 'P-256') return null;
  // SEC 1 §2.3.3: the sign of y and x.
  const sign = 2 + ((part(y).at(-1) as number) & 1);
  return { algorithm: ES256, publicKey: Uint8Array.of(sign, ...part(x)) };
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
