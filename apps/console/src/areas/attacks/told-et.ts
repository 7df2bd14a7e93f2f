/** Attacks in Estonian. */

import type { Told } from './told.ts';

export const TOLD_ET: Told = {
  // What each is called.
  'forged-order': 'Võltsitud korraldus',
  'replayed-order': 'Kordussaadetud korraldus',
  'stolen-key': 'Varastatud võti',
  'tampered-broker': 'Võltsiv vahendaja',
  'cloned-device': 'Teisik võtmeta',
  'cloned-key': 'Teisik võtmega',
  'firmware-swap': 'Vahetatud püsivara',
  'double-sale': 'Topeltmüük',
  'frozen-detector': 'Tardunud andur',
  'false-readings': 'Valetavad näidud',
  'stolen-power': 'Varastatud elekter',
  'withheld-readings': 'Kõrvale jäetud näit',
  'lying-gateway': 'Valetav lüüs',
  'withheld-events': 'Kõrvale jäetud sündmus',
  'edited-database': 'Muudetud andmebaas',
  'conflicting-greens': 'Vastuolulised rohelised',
  'hijacked-controller': 'Kaaperdatud foorijuhtimine',
  'equivocating-validator': 'Kahe ajalooga valideerija',
  // Who has what, and does what with it.
  'Somebody on the network of a lamp, without any key of its zone, signs a break-glass order and hands it to the lamp.':
    'Keegi lambi võrgus, kellel pole ühtki selle piirkonna võtit, kirjutab alla hädakorraldusele ja annab selle lambile.',
  'Somebody kept a true order that the lamp obeyed, waits until the lamp was without power, and sends it again.':
    'Keegi hoidis alles ehtsa korralduse, millele lamp kuuletus, ootab, kuni lamp on vooluta olnud, ja saadab selle uuesti.',
  'A thief has one of the two order keys of the zone and the operator’s account, and orders what is dangerous.':
    'Vargal on üks piirkonna kahest korraldusvõtmest ja operaatori konto ning ta annab ohtliku korralduse.',
  'The broker saw a true break-glass order, writes the lamp’s newest challenge into it, and delivers it once more.':
    'Vahendaja nägi ehtsat hädakorraldust, kirjutab sinna lambi uusima juhuväljakutse ja toimetab selle veel kord kohale.',
  'A clone with the copied id of the lamp, but not its key, asks the gateway for the lamp’s orders.':
    'Teisik, kellel on lambi kopeeritud tunnus, kuid mitte võti, küsib lüüsilt lambi korraldusi.',
  'A clone that has a sensor’s key as well as its id signs a reading of its own under a number that the sensor has used.':
    'Teisik, kellel on peale anduri tunnuse ka võti, kirjutab alla enda näidule numbriga, mida andur on juba kasutanud.',
  'Somebody puts an image of their own on a lamp; its boot loader, which measures what it starts, reports it by the lamp’s key.':
    'Keegi paneb lampi omaenda püsivara; alglaadur, mis mõõdab, mida ta käivitab, teatab sellest lambi võtmega.',
  'The owner of the lamp sells it to one buyer and then, by the same link of its voucher, to another.':
    'Lambi omanik müüb selle ühele ostjale ja siis omanditõendi sama lüli järgi teisele.',
  'Somebody holds the loop of a road still at few vehicles, so that its lamps stay dim on a busy night; each reading is truly signed.':
    'Keegi hoiab tee silmusanduri väheste sõidukite peal paigal, et lambid jääksid tiheda liiklusega ööl hämaraks; iga näit on ehtsalt allkirjastatud.',
  'One of two wind sensors signs with its true key that the air is calm, so that somebody is sent up a ladder.':
    'Üks kahest tuuleandurist kirjutab oma ehtsa võtmega alla, et on tuulevaikne, ja nii saadetakse keegi redelile.',
  'Somebody taps the cable of a lighting cabinet when its lamps go to full light, so that the meter shows more at the right moment.':
    'Keegi haarab valgustuskilbi kaablist voolu siis, kui selle lambid täisvalgusele lähevad, nii et arvesti näitab rohkem just õigel hetkel.',
  'A gateway that is asked for every reading of the lamp leaves one out; all that it shows is true.':
    'Lüüs, millelt küsitakse lambi kõiki näite, jätab ühe välja; kõik, mida ta näitab, on tõsi.',
  'A gateway answers the question whose keys a zone obeys with evidence into which it wrote a key of its own.':
    'Küsimusele, kelle võtmetele piirkond kuuletub, vastab lüüs tõendiga, millesse ta kirjutas enda võtme.',
  'A gateway that is asked for every suspension of a device leaves one out, and its event out of the transaction that made it.':
    'Lüüs, millelt küsitakse seadme kõiki peatamisi, jätab ühe välja ja selle sündmuse välja tehingust, mis selle tekitas.',
  'The operator changes a stored number behind the back of the services, in the database of a copy of the city.':
    'Käitaja muudab teenuste selja taga salvestatud arvu linna koopia andmebaasis.',
  'An operator with both engineers’ true keys signs a plan that gives two crossing roads green at once.':
    'Operaator, kellel on mõlema inseneri ehtsad võtmed, kirjutab alla plaanile, mis annab kahele ristuvale teele korraga rohelise.',
  'Whoever has taken over the controller of an intersection lights two crossing greens, past every order and plan.':
    'Kes on ristmiku juhtseadme üle võtnud, süütab kaks ristuvat rohelist igast korraldusest ja plaanist mööda minnes.',
  'The validator signs a second history: another root for a size of the log whose head it has signed already.':
    'Valideerija kirjutab alla teisele ajaloole: teine juur logi suurusele, mille peale ta on juba alla kirjutanud.',
  'One of four validators signs a second history: another root for a size of the log whose head it has cosigned already.':
    'Üks neljast valideerijast kirjutab alla teisele ajaloole: teine juur logi suurusele, mille peale ta on juba kaasallkirjastanud.',
  // By whom it is stopped.
  'the machine itself': 'masin ise',
  'the ledger and the machine': 'pearaamat ja masin',
  'the gateway': 'lüüs',
  'the shard, and by its report the ledger': 'osalogi ja selle teate järgi pearaamat',
  'the ledger, which sets the lamp apart': 'pearaamat, mis paneb lambi karantiini',
  'the ledger': 'pearaamat',
  'the lamp, which then burns fully': 'lamp, mis seejärel põleb täisvalgusega',
  'the interlock of the ledger': 'pearaamatu blokeering',
  'the accounts of the cabinet': 'kilbi arvestus',
  'whoever asked, by the numbers that the lamp signed': 'küsija, lambi allkirjastatud numbrite järgi',
  'whoever asks': 'küsija',
  'whoever asked, by the evidence that goes with the answer': 'küsija, vastusega kaasas oleva tõendi järgi',
  'whoever derives the folder again (oppidum fsck)': 'kes tuletab kausta uuesti (oppidum fsck)',
  'the conflict monitor': 'konfliktivalvur',
  'whoever holds both heads': 'kellel on mõlemad pead',
  'whoever asks for more than two thirds; the ledger removes it': 'kes nõuab üle kahe kolmandiku; pearaamat kõrvaldab ta',
  nobody: 'mitte keegi',
  // What those who were attacked said.
  'the lamp did nothing on {order}': 'lamp ei teinud midagi, kui tuli {order}',
  'the lamp obeyed {order}: {what}': 'lamp kuuletus, kui tuli {order}: {what}',
  'an order under a key of the thief': 'korraldus varga võtmega',
  'the same bytes a second time': 'teist korda samad baidid',
  'the order with one signature': 'ühe allkirjaga korraldus',
  'the altered order': 'muudetud korraldus',
  'the ledger awaits another signature; {rest}': 'pearaamat ootab veel üht allkirja; {rest}',
  'the ledger did not take the order': 'pearaamat ei võtnud korraldust vastu',
  'the order was {status}, and the lamp did {what}': 'korralduse olek oli {status} ja lamp tegi: {what}',
  'the challenge of the clone is not under the key that the ledger has for the lamp':
    'teisiku juhuväljakutse pole selle võtmega, mis pearaamatul lambi kohta on',
  'from now on orders to the lamp are made for the clone': 'nüüdsest tehakse lambi korraldused teisikule',
  'both buyers have a link from the same owner': 'mõlemal ostjal on lüli samalt omanikult',
  'the lamp is the first buyer’s, which the evidence shows to the second':
    'lamp on esimese ostja oma ja tõend näitab seda teisele',
  'all that is shown is proven, and nothing is shown of number {number}':
    'kõik näidatu on tõendatud ja numbrist {number} ei näidata midagi',
  'the range passes for whole': 'vahemik läheb täielikuna läbi',
  'after {minutes} minutes at {flow} it is believed no more; the lamp aims at {level} ‰':
    'pärast {minutes} minutit näidul {flow} seda enam ei usuta; lamp sihib {level} ‰',
  'two hours at {flow} vehicles an hour, and the lamp stays at {level} ‰':
    'kaks tundi {flow} sõidukit tunnis ja lamp jääb tasemele {level} ‰',
  'one says {lie} m/s, the other {wind}: no order before somebody finds out which; sensors that lie alike are believed':
    'üks ütleb {lie} m/s, teine {wind}: korraldust ei tule enne, kui keegi selgitab, kumb valetab; ühtmoodi valetavaid andureid usutakse',
  'the order was issued upon a lie': 'korraldus anti välja vale põhjal',
  '{power} ± {spread} W go where no lamp is, from minute {minute} on; where along the cable nobody can say':
    '{power} ± {spread} W läheb sinna, kus lampi pole, alates minutist {minute}; kus kaabli peal, ei oska keegi öelda',
  'the accounts explain all that the meter counted': 'arvestus seletab kõik, mida arvesti luges',
  'the lie says {verdict}': 'valet kontrollides on tulemus {verdict}',
  'the reader takes the gateway’s key for one of the zone': 'lugeja peab lüüsi võtit piirkonna omaks',
  'without the record {record}, without the event {event}': 'kirjeta {record}, sündmuseta {event}',
  'an answer without the suspension passes for whole': 'peatamiseta vastus läheb täielikuna läbi',
  '{count} damaged; first {file}: {finding}': 'kahjustatud {count}; esimene {file}: {finding}',
  'the edited database passes for whole': 'muudetud andmebaas läheb tervena läbi',
  'no record was made of the plan': 'plaani kohta kirjet ei tekkinud',
  'the plan is in force': 'plaan kehtib',
  'it took the lamps {time} ms after phases {phases} were green; it stays at flash':
    'see võttis foorid üle {time} ms pärast seda, kui faasid {phases} olid rohelised; see jääb vilkuma',
  'both were green for ten seconds': 'mõlemad olid kümme sekundit rohelised',
  'the ledger suspended the sensor: neither holder is believed until it has another key; a clone whose original stays silent, or that copies nothing but numbers not used yet, cannot be told apart':
    'pearaamat peatas anduri: kumbagi võtmehoidjat ei usuta enne uut võtit; teisikut, mille algne vaikib või mis kasutab ainult seni kasutamata numbreid, ei saa eristada',
  'both readings are kept under one number': 'mõlemad näidud hoiti alles ühe numbri all',
  'no order goes to it; what it measures is kept with the mark “{mark}”; an image that lies about itself is not found so':
    'sellele ei saadeta ühtki korraldust; mida see mõõdab, hoitakse märkega „{mark}”; püsivara, mis enda kohta valetab, nii ei leita',
  'the lamp is ordered about as before': 'lambile antakse korraldusi nagu enne',
  'two roots of size {size} under {count} keys; of one validator it cannot be prevented':
    'kaks juurt suurusega {size}, võtmeid {count}; ühe valideerija puhul ei saa seda ära hoida',
  'both histories go about, and nobody proves anything': 'mõlemad ajalood liiguvad ringi ja keegi ei tõenda midagi',
  'its head of size {size} has one cosignature of the three that are needed; the fork is proven, and {validator} was removed at block {block}':
    'selle peal suurusega {size} on kolmest vajalikust kaasallkirjast üks; kahestumine on tõendatud ja {validator} kõrvaldati plokis {block}',
  'the second history is believed on the word of one': 'teist ajalugu usutakse ühe sõna peale',
  // The rules, as the catalogue of errors has them.
  'A signature does not verify': 'Allkiri ei kehti',
  'Another order was issued for this challenge before': 'Sellele juhuväljakutsele on juba teine korraldus välja antud',
  'Too few order keys of the zone signed this': 'Liiga vähe piirkonna korraldusvõtmeid on sellele alla kirjutanud',
  'Another reading was signed under this sequence number': 'Selle järjenumbriga on teine näit allkirjastatud',
  'The device is in quarantine': 'Seade on karantiinis',
  'This link of the voucher was extended already: the device was sold':
    'Seda omanditõendi lüli on juba jätkatud: seade on müüdud',
  'The sensors contradict each other; the safe state is held': 'Andurid on vastuolus; hoitakse ohutut olekut',
  'The city gave evidence that does not prove what was asked': 'Linn andis tõendi, mis küsitut ei tõenda',
  'A stored reading is not the one that was received': 'Hoitud näit pole see, mis vastu võeti',
  'A stage would show green to two phases that are not declared compatible':
    'Üks samm näitaks rohelist kahele faasile, mida pole lubatud koos näidata',
  'Too few of the policy’s witnesses cosigned this checkpoint':
    'Liiga vähe reeglites nimetatud tunnistajaid on kontrollpunkti kaasallkirjastanud',
  // As the catalogue of verdicts has them.
  'A hash does not match the data beside it: something was altered':
    'Räsi ei vasta kõrvalolevatele andmetele: midagi on muudetud',
  'Proven: a key of this city signed two histories that contradict each other':
    'Tõestatud: selle linna võti allkirjastas kaks ajalugu, mis on vastuolus',
  // Of what no catalogue has.
  'What is shown is proven, but numbers that the device signed are missing':
    'Näidatu on tõestatud, kuid seadme allkirjastatud numbritest on osa puudu',
  'The detector said one number for too long: the lamp believes it no more':
    'Andur ütles liiga kaua üht ja sama arvu: lamp seda enam ei usu',
  'The meter of the cabinet counted more than its lamps can have taken':
    'Kilbi arvesti luges rohkem, kui selle lambid võtta said',
  'Two greens that exclude each other were lit at once': 'Kaks teineteist välistavat rohelist põlesid korraga',
};
