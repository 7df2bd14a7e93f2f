/** 关于警报的操作，中文。 */

import type { AlarmWords } from './alarm-words.ts';

export const chineseAlarms: AlarmWords = {
  acts: { 'alarm/acknowledge': '确认关于 {subject} 的警报 {cause}；处理方式：{response}' },
  fields: { cause: '原因', subject: '关于', opening: '由何触发', response: '处理方式' },
  choices: {
    'signal-trip': '监视器跳闸，信号灯闪烁',
    'lamp-dead': '灯该亮却不亮',
    'power-residual': '有灯具无法解释的用电',
    'device-silent': '一台设备已静默',
    'model-silent': '同型号许多设备静默',
    'device-quarantined': '一台设备处于隔离中',
    'device-revoked': '一台设备已被撤销',
    'interlock-held': '联锁拦住了一条命令',
    'order-refused': '账本拒绝了一条命令',
    'order-rejected': '机器拒绝了一条命令',
    'break-glass': '未经城市对机器下达了命令',
    'manual-control': '一台机器被手动操作',
    'shard-behind': '读数未被锚定',
    'validator-silent': '一个验证者已静默',
    seen: '已查看；无需处理',
    'crew-sent': '已派人前往',
    'planned-work': '属于计划内工作',
    'false-alarm': '误报',
    'handed-over': '已移交他人',
  },
};
