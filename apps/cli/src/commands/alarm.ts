/** `oppidum alarm …`: what the city calls for, who answers, and answering. */

import { ALARM_CAUSES, ALARM_RESPONSES, ALARM_RULES, type AlarmResponse, SEVERITIES } from '@oppidum/formats/alarm';
import { ALARM_STATES } from '@oppidum/formats/alarm-life';
import { formatError } from '@oppidum/formats/errors';
import type { AlarmCountsJson, AlarmJson } from '@oppidum/gateway/api/alarms';
import { englishAlarms } from '@oppidum/signing/words/alarms-en';
import { type Command, Option } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, counted, idArgument, openCli, shortId } from '../cli.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import { type Column, printable } from '../output.ts';
import { actionOf, addSignOptions, carryOut, idBytes, type SignOptions } from '../transactions.ts';

const SEEN = 'What happened once is over when somebody has seen it: it is closed.';

const timeOf = (ms: number): string => new Date(ms).toISOString();
const wordsOf = (word: AlarmJson['cause'] | AlarmResponse): string => englishAlarms.choices[word];
const subjectOf = ({ subject }: AlarmJson): string => `${subject.kind} ${subject.name ?? shortId(subject.id)}`;
const whoOf = ({ acknowledgement }: AlarmJson): string =>
  acknowledgement === null ? '' : (acknowledgement.accountName ?? shortId(acknowledgement.account));
const calledOf = ({ called, escalations }: AlarmJson): string =>
  called === null ? '' : escalations > 0 ? `${called} (escalated)` : called;

const COLUMNS: readonly Column<AlarmJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'since', text: ({ openedMs }) => timeOf(openedMs) },
  { heading: 'severity', text: ({ severity }) => severity },
  { heading: 'state', text: ({ state }) => state },
  { heading: 'cause', text: ({ cause }) => cause },
  { heading: 'about', text: subjectOf },
  { heading: 'count', text: ({ count }) => String(count) },
  { heading: 'calls', text: calledOf },
  { heading: 'answers', text: whoOf },
];

type Filter = ListOptions & {
  readonly state: string;
  readonly severity?: string;
  readonly cause?: string;
  readonly zone?: string;
  readonly device?: string;
};

/** Adds subcommands and their work to the command. */
export function buildAlarm(command: Command): void {
  const list = addListOptions(command.command('list').description('list alarms that are not closed, those opened last first'))
    .addOption(new Option('--state <state>', 'in this state').choices([...ALARM_STATES, 'unclosed', 'all']).default('unclosed'))
    .addOption(new Option('--severity <severity>', 'of this severity').choices([...SEVERITIES]))
    .addOption(new Option('--cause <cause>', 'of this cause').choices([...ALARM_CAUSES]))
    .option('--zone <id>', 'in this zone', idArgument('--zone'))
    .option('--device <id>', 'about this device', idArgument('--device'))
    .action(async ({ state, device, severity, cause, zone, ...options }: Filter, self: Command) => {
      const query = { severity, cause, zone, subject: device, state: state === 'all' ? undefined : state };
      await printList(openCli(self), '/api/v1/alarms', options, COLUMNS, query);
    });
  addExamples(list, [
    ['what nobody has answered for', 'alarm list --state open'],
    ['everything that ever happened in a zone', 'alarm list --state all --zone <id>'],
  ]);
  command.command('count').description('how many are open, acknowledged and escalated').action(countAlarms);
  const show = command
    .command('show')
    .description('show an alarm: since when, by what evidence, who answers for it, what closed it')
    .argument('<id>', 'id of the alarm', idArgument('the id'))
    .action(async (id: string, _: object, self: Command) => {
      const cli = openCli(self);
      const alarm = await readAlarm(cli, id);
      if (cli.json) cli.output.json(alarm);
      else printAlarm(cli, alarm);
    });
  addExamples(show, [['with its evidence', 'alarm show <id>']]);
  const acknowledge = addSignOptions(
    command.command('acknowledge').description('answer for an alarm, so that nobody else is called; signed, and on the ledger'),
  )
    .argument('<id>', 'id of the alarm', idArgument('the id'))
    .addOption(
      new Option('--response <word>', 'what is done about it; never a text').choices([...ALARM_RESPONSES]).default('seen'),
    )
    .action(acknowledgeAlarm);
  addExamples(acknowledge, [['somebody is on the way', 'alarm acknowledge <id> --response crew-sent']]);
}

const readAlarm = ({ api }: Cli, id: string): Promise<AlarmJson> => new CityCalls(api).get<AlarmJson>(`/api/v1/alarms/${id}`);

async function countAlarms(_: object, self: Command): Promise<void> {
  const { api, json, output } = openCli(self);
  const counts = await new CityCalls(api).get<AlarmCountsJson>('/api/v1/alarms/counts');
  if (json) return output.json(counts);
  const { open, acknowledged, escalated, bySeverity } = counts;
  const openText = SEVERITIES.map((severity) => `${bySeverity[severity]} ${severity}`).join(', ');
  output.fields([
    ['open', `${open} (${openText})`],
    ['escalated', String(escalated)],
    ['acknowledged', String(acknowledged)],
  ]);
}

function printAlarm({ output }: Cli, alarm: AlarmJson): void {
  const { acknowledgement, closed, opening } = alarm;
  output.line(`${wordsOf(alarm.cause)}: ${printable(subjectOf(alarm))}`);
  output.fields([
    ['alarm', alarm.id],
    ['state', alarm.state],
    ['severity', alarm.severity],
    [alarm.subject.kind, alarm.subject.id],
    ...(alarm.subject.kind === 'zone'
      ? []
      : [['zone', alarm.zoneName === null ? alarm.zone : printable(alarm.zoneName)] as const]),
    ['detail', alarm.detail === null ? null : printable(alarm.detail)],
    ['since', timeOf(alarm.openedMs)],
    ['last', timeOf(alarm.lastMs)],
    ['said', `${counted(alarm.count, 'time')}; opened ${counted(alarm.openingCount, 'time')}`],
    ['opened by', `${opening.kind} ${opening.id}`],
    ['calls', calledOf(alarm) || null],
    ['calls others at', alarm.nextMs === null ? null : timeOf(alarm.nextMs)],
    ['answered by', acknowledgement === null ? null : `${printable(whoOf(alarm))}, account ${acknowledgement.account}`],
    ['answer', acknowledgement === null ? null : wordsOf(acknowledgement.response)],
    ['closed', closed === null ? null : timeOf(closed.atMs)],
    ['closed by', closed === null ? null : closed.by === null ? 'the answer' : `${closed.by.kind} ${closed.by.id}`],
  ]);
}

/** The opening that is shown is the one that is answered for: what happens meanwhile is not. */
async function acknowledgeAlarm(
  id: string,
  options: SignOptions & { readonly response: AlarmResponse },
  self: Command,
): Promise<void> {
  const cli = openCli(self);
  const alarm = await readAlarm(cli, id);
  const { cause, subject, zone, opening, state } = alarm;
  if (state === 'closed') throw formatError('ALARM_CLOSED', { alarm: id });
  const sentence = `Acknowledge the alarm “${wordsOf(cause)}” of ${subject.kind} ${subject.id}; what is done about it: ${wordsOf(options.response)}`;
  const fields = {
    ...{ cause, subject: idBytes(subject.id), opening: idBytes(opening.id), response: options.response },
    ...(zone !== null && subject.kind === 'device' ? { zone: idBytes(zone) } : {}),
  };
  const done = await carryOut(cli, { sentence, isDangerous: false, actions: [actionOf('alarm/acknowledge', fields)] }, options);
  if (done !== null)
    cli.output.note(ALARM_RULES[cause].ends === 'seen' ? SEEN : 'It calls nobody else, and closes when its cause is gone.');
}
