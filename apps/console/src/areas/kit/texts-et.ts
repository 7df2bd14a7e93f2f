/** Seadme komplekt eesti keeles. */

import type { KitTexts } from './texts.ts';

export const estonianKit: KitTexts = {
  heading: 'Ühenda seade',
  lead: 'Nullist esimese näiduni mõne minutiga: võti, mõnerealine programm ja üks käsk, mis seadme sisse laseb. Kõik allpool on selle linna jaoks täidetud.',
  whatHeading: '1. Mis see on',
  model: 'Mudel',
  ownModel: 'minu oma mudel',
  type: 'Seadme liik',
  modelName: 'Mudeli nimi',
  label: 'Seadme nimi',
  sensor: 'Mida see mõõdab',
  unit: 'Ühik (SenML)',
  value: 'Esimene väärtus',
  plainHint: 'Ainult tähed, numbrid ja - . _, sest need sõnad lähevad käskudesse.',
  keyHeading: '2. Selle võti',
  keyChoice: 'Kus võti tehakse',
  keyThere: 'Seadmes endas (parem)',
  keyThereHint:
    'Allolev programm teeb võtme esimesel käivitamisel. Salajane võti ei lahku seadmest kunagi, nii et keegi teine ei saa selle nimel rääkida.',
  keyHere: 'Siin, failina',
  keyHereHint:
    'Kellel on see fail, see räägib seadme nimel. Seda näidatakse üks kord: salvesta, vii seadmesse ja kustuta kõik teised koopiad. See leht ei saada seda kuhugi ja unustab selle, kui lahkud.',
  makeKey: 'Tee võti',
  saveKey: 'Salvesta salajane võti (key.seed)',
  keySaved: 'Salvestatud. Pane see seadme kausta enne esimest käivitamist.',
  publicKey: 'Seadme avalik võti, kui see on sul olemas',
  publicKeyHint: 'Kuueteistkümnendkujul, base64 või PEM. Vaja ainult siis, kui tootja ja seade on kaks eri masinat.',
  publicKeyWrong: 'See ei ole Ed25519 avalik võti kuueteistkümnendkujul, base64- ega PEM-kujul.',
  deviceId: 'Seadme tunnus',
  code: 'QR-kood: see leht koos seadme mudeli ja avaliku võtmega',
  codeHint:
    'Sellele, kes seadme registreerib: skaneerides avaneb see leht, kõik väljad täidetud. Saladust selles ei ole. Aadress on selle lehe oma, seega töötab see seal, kus töötab see leht.',
  programHeading: '3. Selle programm',
  language: 'Keel',
  programFile: 'Salvesta nimega {file}:',
  programRun: 'Siis käivita hoidla kaustas:',
  programHints: {
    node: 'Selle hoidla SDK-ga. Seade hoiab allkirjastatut alles, kuni tal on tõendatud kviitung.',
    mqtt: 'Sama üle MQTT: ühendus jääb avatuks.',
    python:
      'Kuuskümmend rida, tehtud üksnes spetsifikatsioonide järgi. Vaja on Python 3 ja paketti cryptography (pip install cryptography).',
    shell:
      'Vaja on bashi, openssl 3 ja curli; väärtused on täisarvud. Kviitungit see ei kontrolli ja seepärast ei kustuta midagi, mille saatis.',
    browser: 'Leht, mis on ise seade: võtme teeb brauser ja seda ei saa lugeda keegi, ka leht ise mitte.',
  },
  untilLetIn: {
    waits: 'Kuni seadet pole sisse lastud, ütleb see DEVICE_UNKNOWN ja proovib ise uuesti. Jäta see käima.',
    again: 'Esimene käivitus teeb võtme ja ütleb DEVICE_UNKNOWN. Käivita viimane rida uuesti, kui seade on sisse lastud.',
  },
  openDevicePage: 'Ava seadme leht',
  policyNote:
    'Poliitika ütleb, keda seade usaldab; siin tuleb see linnalt endalt. Kõige tähtsa jaoks too see usaldusväärsest kohast ja võrdle SHA-256 räsi: {sha256}',
  keysUnproven: 'Selle linna kviitungivõtmeid ei õnnestunud poliitika järgi tõendada, seepärast seda programmi ei näidata.',
  noProgram: 'Täida enne 1. sammu väljad.',
  letInHeading: '4. Lase see sisse',
  letInOwn:
    'Kellel on linna andmekaust, käivitab selle kõrval järgmise käsu, kui programm on võtme teinud. See registreerib ja aktiveerib seadme ning teeb vajaduse korral sinu oma tootja ja mudeli:',
  letInModel:
    'Selle mudeli seadmeid laseb sisse konto, mille omanik on {maker}. FILE on selle konto seemnefail (näidislinnas: city-data/demo/manufacturer.seed):',
  letInHere: 'Registreeri ja aktiveeri selle brauseri võtmega',
  letInElsewhere: 'Tootja ja seade on kaks eri masinat',
  letInElsewhereHint:
    'Tootja registreerib avaliku võtme. Siis tõendab seade, et salajane võti on tal; tõendi võib esitada igaüks.',
  letInDone: 'Pearaamatus on see olemas.',
  proofMissing: 'Registreeritud. Võti on mujal, seepärast aktiveeritakse seade seal, allpool teise käsuga.',
  wantsPublicKey: 'Vali 1. sammus mudel ja anna 2. sammus avalik võti.',
  firstHeading: '5. Selle esimene näit',
  steps: {
    seen: 'Pearaamat tunneb seadet',
    active: 'Seade on tõendanud, et võti on tal',
    reading: 'Temalt on tulnud näit ja sellel on kviitung',
  },
  stepStates: { done: 'tehtud', waiting: 'ootel' },
  openDevice: 'Ava seade',
  openReading: 'Ava esimene näit ja kontrolli seda siin',
  copy: 'Kopeeri',
  copied: 'Kopeeritud.',
  copyFailed: 'See brauser ei luba lehel kopeerida. Märgi tekst ja kopeeri see ise.',
};
