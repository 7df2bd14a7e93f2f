/** The kit for a device in English. */

import type { KitTexts } from './texts.ts';

export const englishKit: KitTexts = {
  heading: 'Attach a device',
  lead: 'From nothing to the first reading in a few minutes: a key, a program of a few lines, one command that lets the device in. Everything below is filled in for this city.',
  whatHeading: '1. What it is',
  model: 'Model',
  ownModel: 'a model of my own',
  type: 'Type of device',
  modelName: 'Name of the model',
  label: 'Name of the device',
  sensor: 'What it measures',
  unit: 'Unit (SenML)',
  value: 'First value',
  plainHint: 'Letters, digits and - . _ only: these words stand in commands.',
  keyHeading: '2. Its key',
  keyChoice: 'Where the key is made',
  keyThere: 'On the device itself (better)',
  keyThereHint:
    'The program below makes the key at its first start. The private key never leaves the device, so nobody else can ever speak for it.',
  keyHere: 'Here, as a file',
  keyHereHint:
    'Whoever has this file speaks for the device. It is shown once: save it, bring it to the device, delete every other copy. This page sends it nowhere and forgets it when you leave.',
  makeKey: 'Make a key',
  saveKey: 'Save the private key (key.seed)',
  keySaved: 'Saved. Put it into the folder of the device before its first start.',
  publicKey: 'Public key of the device, if you have it',
  publicKeyHint: 'In hex, base64 or PEM. Only needed where its maker and the device are two machines.',
  publicKeyWrong: 'This is no Ed25519 public key in hex, base64 or PEM.',
  deviceId: 'Id of the device',
  code: 'QR code: this page with the model and the public key of the device',
  codeHint:
    'For whoever registers the device: scanned, it opens this page with everything filled in. It holds no secret. Its address is that of this page, so it works where this page does.',
  programHeading: '3. Its program',
  language: 'Language',
  programFile: 'Save as {file}:',
  programRun: 'Then run, in the folder of the repository:',
  programHints: {
    node: 'With the SDK of this repository. The device keeps what it signed until it holds a proven receipt.',
    mqtt: 'The same over MQTT: the connection stays open.',
    python:
      'Sixty lines made from the specifications alone. Needs Python 3 and its package cryptography (pip install cryptography).',
    shell:
      'Needs bash, openssl 3 and curl; values are whole numbers. It verifies no receipt, so it deletes nothing that it sent.',
    browser: 'A page that is the device itself: its key is made by the browser and cannot be read, not even by the page.',
  },
  untilLetIn: {
    waits: 'It says DEVICE_UNKNOWN until it is let in, and tries again by itself. Leave it running.',
    again: 'The first run makes the key and says DEVICE_UNKNOWN. Run the last line again once the device is let in.',
  },
  openDevicePage: 'Open the device page',
  policyNote:
    'The policy says whom the device trusts; here it comes from the city itself. For anything that matters bring it from a place you trust, and compare its SHA-256: {sha256}',
  keysUnproven: 'The receipt keys of this city could not be proven under its policy, so this program is not shown.',
  noProgram: 'Fill in the fields of step 1 first.',
  letInHeading: '4. Let it in',
  letInOwn:
    'Whoever has the data folder of the city runs this beside it, when the program has made its key. It registers and activates the device, with a manufacturer and a model of your own where they are missing:',
  letInModel:
    'The account of {maker} lets in devices of this model. FILE is the seed of that account (in the demo city: city-data/demo/manufacturer.seed):',
  letInHere: 'Register and activate it, signed by the key in this browser',
  letInElsewhere: 'The maker and the device are two machines',
  letInElsewhereHint:
    'The maker registers the public key. Then the device proves that it holds the private one; anybody may hand the proof in.',
  letInDone: 'The ledger has it.',
  proofMissing: 'Registered. Its key is elsewhere, so it is activated there, by the second command below.',
  wantsPublicKey: 'Choose a model of step 1 and give the public key of step 2.',
  firstHeading: '5. Its first reading',
  steps: {
    seen: 'The ledger knows the device',
    active: 'It has proven that it holds its key',
    reading: 'A reading of it has come, with a receipt',
  },
  stepStates: { done: 'done', waiting: 'waiting' },
  openDevice: 'Open the device',
  openReading: 'Open its first reading and check it here',
  copy: 'Copy',
  copied: 'Copied.',
  copyFailed: 'This browser does not let the page copy. Mark the text and copy it.',
};
