/** Certificates in English. */

import type { CertificateTexts } from './texts.ts';

export const englishCertificate: CertificateTexts = {
  proven:
    'What this page says is proven by the codes below: anyone can scan them into the offline verifier, with the policy of the city, and needs to trust neither this paper nor who printed it.',
  codes: 'Codes {count}: scan all of them, in any order',
  refused: 'Not printed as proven: check what is wrong first.',
  print: 'Print',
  shortCode: 'Short code',
  lead: 'Any evidence on paper or screen: what it proves in words, and the evidence itself as QR codes. Choose what it is about, or give a file.',
  recordsHeading: 'Records of the ledger',
  recordsHint:
    'A device, an account, a role, the policy: that a record is there, that it is not there, or all of a kind and no others. Leave what follows empty for all.',
  kind: 'Kind of record',
  segmentId: 'Identifier {place} (64 digits)',
  segmentNumber: 'Number {place}',
  spanFrom: 'From number (may be empty)',
  spanTo: 'To number (may be empty)',
  readingsHeading: 'A range of readings',
  readingsHint:
    'All readings of one device key in a span, so that one left out shows. Paper holds about 25 of them; more are saved as a file.',
  device: 'Device (64 digits)',
  keyNumber: 'Key number',
  fromTime: 'From',
  toTime: 'Until before',
  idHeading: 'A reading or transaction',
  idField: 'Its id (64 digits)',
  fileHeading: 'A file that you have',
  fileHint: 'It is judged in this browser and sent to nobody.',
  file: 'Choose the evidence',
  make: 'Make the certificate',
  askedBad: 'This names nothing that evidence could be about. Check the ids: each has 64 hexadecimal digits.',
  fileTooLarge: 'This file is larger than any evidence.',
  tooLarge:
    'Too large for paper: more than 99 codes would be needed. Save the evidence as a file and print this page beside it; its SHA-256 stands above.',
  save: 'Save the evidence',
  digest: 'SHA-256 of the evidence',
  about: 'About',
  another: 'Another certificate',
  checkedWhen: 'Checked in this browser',
  policy: 'Under the policy with SHA-256',
};
