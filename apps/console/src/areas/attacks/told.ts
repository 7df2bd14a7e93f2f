/**
 * What the program that carries attacks out says of them, in every language: sentences are known by their English, and what a sentence
 * leaves open stands between braces. One without its translation is a type error; one that is not known here stays English.
 */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { VERDICTS, type Verdict } from '@oppidum/formats/verdicts';
import type { LanguageCode } from '@oppidum/pages/languages';
import { TOLD_AR } from './told-ar.ts';
import { TOLD_ET } from './told-et.ts';
import { TOLD_ZH } from './told-zh.ts';

const SENTENCES = [
  // What each is called.
  'forged-order',
  'replayed-order',
  'stolen-key',
  'tampered-broker',
  'cloned-device',
  'cloned-key',
  'firmware-swap',
  'double-sale',
  'frozen-detector',
  'false-readings',
  'stolen-power',
  'withheld-readings',
  'lying-gateway',
  'withheld-events',
  'edited-database',
  'conflicting-greens',
  'hijacked-controller',
  'equivocating-validator',
  // Who has what, and does what with it.
  'Somebody on the network of a lamp, without any key of its zone, signs a break-glass order and hands it to the lamp.',
  'Somebody kept a true order that the lamp obeyed, waits until the lamp was without power, and sends it again.',
  'A thief has one of the two order keys of the zone and the operator’s account, and orders what is dangerous.',
  'The broker saw a true break-glass order, writes the lamp’s newest challenge into it, and delivers it once more.',
  'A clone with the copied id of the lamp, but not its key, asks the gateway for the lamp’s orders.',
  'A clone that has a sensor’s key as well as its id signs a reading of its own under a number that the sensor has used.',
  'Somebody puts an image of their own on a lamp; its boot loader, which measures what it starts, reports it by the lamp’s key.',
  'The owner of the lamp sells it to one buyer and then, by the same link of its voucher, to another.',
  'Somebody holds the loop of a road still at few vehicles, so that its lamps stay dim on a busy night; each reading is truly signed.',
  'One of two wind sensors signs with its true key that the air is calm, so that somebody is sent up a ladder.',
  'Somebody taps the cable of a lighting cabinet when its lamps go to full light, so that the meter shows more at the right moment.',
  'A gateway that is asked for every reading of the lamp leaves one out; all that it shows is true.',
  'A gateway answers the question whose keys a zone obeys with evidence into which it wrote a key of its own.',
  'A gateway that is asked for every suspension of a device leaves one out, and its event out of the transaction that made it.',
  'The operator changes a stored number behind the back of the services, in the database of a copy of the city.',
  'An operator with both engineers’ true keys signs a plan that gives two crossing roads green at once.',
  'Whoever has taken over the controller of an intersection lights two crossing greens, past every order and plan.',
  'The validator signs a second history: another root for a size of the log whose head it has signed already.',
  'One of four validators signs a second history: another root for a size of the log whose head it has cosigned already.',
  // By whom it is stopped.
  'the machine itself',
  'the ledger and the machine',
  'the gateway',
  'the shard, and by its report the ledger',
  'the ledger, which sets the lamp apart',
  'the ledger',
  'the lamp, which then burns fully',
  'the interlock of the ledger',
  'the accounts of the cabinet',
  'whoever asked, by the numbers that the lamp signed',
  'whoever asks',
  'whoever asked, by the evidence that goes with the answer',
  'whoever derives the folder again (oppidum fsck)',
  'the conflict monitor',
  'whoever holds both heads',
  'whoever asks for more than two thirds; the ledger removes it',
  'nobody',
  // What those who were attacked said.
  'the lamp did nothing on {order}',
  'the lamp obeyed {order}: {what}',
  'an order under a key of the thief',
  'the same bytes a second time',
  'the order with one signature',
  'the altered order',
  'the ledger awaits another signature; {rest}',
  'the ledger did not take the order',
  'the order was {status}, and the lamp did {what}',
  'the challenge of the clone is not under the key that the ledger has for the lamp',
  'from now on orders to the lamp are made for the clone',
  'both buyers have a link from the same owner',
  'the lamp is the first buyer’s, which the evidence shows to the second',
  'all that is shown is proven, and nothing is shown of number {number}',
  'the range passes for whole',
  'after {minutes} minutes at {flow} it is believed no more; the lamp aims at {level} ‰',
  'two hours at {flow} vehicles an hour, and the lamp stays at {level} ‰',
  'one says {lie} m/s, the other {wind}: no order before somebody finds out which; sensors that lie alike are believed',
  'the order was issued upon a lie',
  '{power} ± {spread} W go where no lamp is, from minute {minute} on; where along the cable nobody can say',
  'the accounts explain all that the meter counted',
  'the lie says {verdict}',
  'the reader takes the gateway’s key for one of the zone',
  'without the record {record}, without the event {event}',
  'an answer without the suspension passes for whole',
  '{count} damaged; first {file}: {finding}',
  'the edited database passes for whole',
  'no record was made of the plan',
  'the plan is in force',
  'it took the lamps {time} ms after phases {phases} were green; it stays at flash',
  'both were green for ten seconds',
  'the ledger suspended the sensor: neither holder is believed until it has another key; a clone whose original stays silent, or that copies nothing but numbers not used yet, cannot be told apart',
  'both readings are kept under one number',
  'no order goes to it; what it measures is kept with the mark “{mark}”; an image that lies about itself is not found so',
  'the lamp is ordered about as before',
  'two roots of size {size} under {count} keys; of one validator it cannot be prevented',
  'both histories go about, and nobody proves anything',
  'its head of size {size} has one cosignature of the three that are needed; the fork is proven, and {validator} was removed at block {block}',
  'the second history is believed on the word of one',
  // The rules, as the catalogue of errors has them.
  'A signature does not verify',
  'Another order was issued for this challenge before',
  'Too few order keys of the zone signed this',
  'Another reading was signed under this sequence number',
  'The device is in quarantine',
  'This link of the voucher was extended already: the device was sold',
  'The sensors contradict each other; the safe state is held',
  'The city gave evidence that does not prove what was asked',
  'A stored reading is not the one that was received',
  'A stage would show green to two phases that are not declared compatible',
  'Too few of the policy’s witnesses cosigned this checkpoint',
  // As the catalogue of verdicts has them.
  'A hash does not match the data beside it: something was altered',
  'Proven: a key of this city signed two histories that contradict each other',
  // Of what no catalogue has.
  'What is shown is proven, but numbers that the device signed are missing',
  'The detector said one number for too long: the lamp believes it no more',
  'The meter of the cabinet counted more than its lamps can have taken',
  'Two greens that exclude each other were lit at once',
] as const;
type Sentence = (typeof SENTENCES)[number];
export type Told = Readonly<Record<Sentence, string>>;

/** What ends attacks besides errors and verdicts: a range with a gap, a lamp’s doubt, accounts of a cabinet, a monitor’s trip. */
const OTHER_RULES: Readonly<Record<string, Sentence>> = {
  INCOMPLETE: 'What is shown is proven, but numbers that the device signed are missing',
  frozen: 'The detector said one number for too long: the lamp believes it no more',
  stolen: 'The meter of the cabinet counted more than its lamps can have taken',
  conflict: 'Two greens that exclude each other were lit at once',
};

/** What a rule that ends attacks says, in English; null where nothing is known of it. */
export function ruleSentence(rule: string): string | null {
  if (Object.hasOwn(ERRORS, rule)) return ERRORS[rule as keyof typeof ERRORS].message;
  if (Object.hasOwn(VERDICTS, rule)) return VERDICTS[rule as Verdict].means;
  return Object.hasOwn(OTHER_RULES, rule) ? (OTHER_RULES[rule] as string) : null;
}

/** Words of ours, or a value that the program put in. */
export type ToldPart = { readonly kind: 'words' | 'value'; readonly text: string };

const TOLD: Readonly<Record<Exclude<LanguageCode, 'en'>, Told>> = { et: TOLD_ET, zh: TOLD_ZH, ar: TOLD_AR };
const OPEN = /\{(\w+)\}/;
/** Values take as little as they can; a sentence that ends with one takes the rest. */
const PATTERNS = SENTENCES.map((sentence) => ({
  sentence,
  pattern: new RegExp(`^${sentence.split(OPEN).map(patternOf).join('')}$`),
}));

/** The sentence in this language, in parts; null in English, and where it is not known. */
export function tell(code: LanguageCode, text: string): readonly ToldPart[] | null {
  if (code === 'en') return null;
  for (const { sentence, pattern } of PATTERNS) {
    const found = pattern.exec(text);
    if (found === null) continue;
    return TOLD[code][sentence].split(OPEN).flatMap((part, place): readonly ToldPart[] => {
      if (place % 2 === 0) return part === '' ? [] : [{ kind: 'words', text: part }];
      const value = found.groups?.[part] ?? '';
      // What was left open may be a sentence itself.
      return tell(code, value) ?? [{ kind: 'value', text: value }];
    });
  }
  return null;
}

function patternOf(part: string, place: number): string {
  return place % 2 === 0 ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : `(?<${part}>.+?)`;
}
