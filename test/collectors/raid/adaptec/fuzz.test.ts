import { parseConfig } from '../../../../collectors/raid/adaptec/config.ts'
import { parseControllers } from '../../../../collectors/raid/adaptec/controllers.ts'
import { deviceErrorsOf } from '../../../../collectors/raid/adaptec/device-errors.ts'
import { newEntries } from '../../../../collectors/raid/adaptec/events.ts'
import { parseLog } from '../../../../collectors/raid/adaptec/log.ts'
import { noTasks, parseStatus } from '../../../../collectors/raid/adaptec/status.ts'
import { fixture, fuzzParser } from '../fuzz.ts'

const two = 'arcconf-2.06-asr8885q'
const configs = [
  `${two}/GETCONFIG_1_AL`,
  `${two}/GETCONFIG_2_AL`,
  'arcconf-3.07-smartraid-3154/GETCONFIG_1_AL',
  'arcconf-5.2-serveraid/GETCONFIG_1_AL',
].map(fixture)

/** A drive that is left out is told of in a ParseError. */
const told = (error: Error) => {
  if (error.name !== 'ParseError') throw error
}

fuzzParser('arcconf GETCONFIG', configs, (text) => parseConfig(text, '1', noTasks, told))
fuzzParser('arcconf GETSTATUS', [fixture(`${two}/GETSTATUS_1`)], (text) => parseStatus(text, told))
fuzzParser(
  'arcconf LIST',
  [fixture(`${two}/LIST`), fixture('arcconf-5.2-serveraid/GETVERSION')],
  parseControllers,
)

const logs = ['2_DEVICE', '2_EVENT', '2_DEAD', '2_STAT', '1_DEVICE'].map((log) =>
  fixture(`${two}/GETLOGS_${log}`),
)
const named = { controller: '1', stream: 'S', log: 'EVENT' } as const

fuzzParser('arcconf GETLOGS', logs, (text) => {
  const log = parseLog(text)
  const batches = [...newEntries(log, named, { positions: new Map(), sinceMilliseconds: 0 })]
  const times = batches.flatMap(({ records }) => records.map(({ time }) => Number(time)))
  return [deviceErrorsOf(log), times]
})
