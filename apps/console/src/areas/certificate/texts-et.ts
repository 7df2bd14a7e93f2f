/** Certificates in Estonian. */

import type { CertificateTexts } from './texts.ts';

export const estonianCertificate: CertificateTexts = {
  proven:
    'Seda, mida see leht ütleb, tõestavad allolevad koodid: igaüks saab need võrguta kontrollijasse lugeda koos linna reeglitega ega pea usaldama ei seda paberit ega selle printijat.',
  codes: 'Koodid {count}: loe kõik, mis tahes järjekorras',
  refused: 'Ei prindita tõestatuna: vaata kõigepealt, mis on valesti.',
  print: 'Prindi',
  shortCode: 'Lühikood',
  lead: 'Mis tahes tõend paberil või ekraanil: mida see sõnades tõestab ja tõend ise QR-koodidena. Vali, mille kohta see on, või anna fail.',
  recordsHeading: 'Pearaamatu kirjed',
  recordsHint:
    'Seade, konto, roll, reeglid: et kirje on olemas, et seda ei ole, või kõik ühest liigist ja ei midagi muud. Kõigi jaoks jäta järgnev tühjaks.',
  kind: 'Kirje liik',
  segmentId: 'Tunnus {place} (64 numbrikohta)',
  segmentNumber: 'Number {place}',
  spanFrom: 'Alates numbrist (võib olla tühi)',
  spanTo: 'Kuni numbrini (võib olla tühi)',
  readingsHeading: 'Näitude vahemik',
  readingsHint:
    'Kõik ühe seadmevõtme näidud vahemikus, nii et väljajäetu paistab välja. Paberile mahub umbes 25; rohkem salvestatakse failina.',
  device: 'Seade (64 numbrikohta)',
  keyNumber: 'Võtme number',
  fromTime: 'Alates',
  toTime: 'Kuni (välja arvatud)',
  idHeading: 'Näit või tehing',
  idField: 'Selle tunnus (64 numbrikohta)',
  fileHeading: 'Fail, mis sul on',
  fileHint: 'Seda hinnatakse selles brauseris ja ei saadeta kellelegi.',
  file: 'Vali tõend',
  make: 'Koosta tunnistus',
  askedBad: 'See ei nimeta midagi, mille kohta võiks tõend olla. Kontrolli tunnuseid: igas on 64 kuueteistkümnendnumbrit.',
  fileTooLarge: 'See fail on suurem kui ükski tõend.',
  tooLarge:
    'Paberi jaoks liiga suur: vaja oleks üle 99 koodi. Salvesta tõend failina ja prindi see leht selle juurde; selle SHA-256 on ülal.',
  save: 'Salvesta tõend',
  digest: 'Tõendi SHA-256',
  about: 'Mille kohta',
  another: 'Teine tunnistus',
  checkedWhen: 'Kontrollitud selles brauseris',
  policy: 'Reeglite järgi, mille SHA-256 on',
};
