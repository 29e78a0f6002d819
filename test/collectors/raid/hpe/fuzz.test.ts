import { parseCciss } from '../../../../collectors/raid/hpe/cciss.ts'
import { parseSmartArrays } from '../../../../collectors/raid/hpe/config.ts'
import { fixture, fuzzParser } from '../fuzz.ts'

const texts = [
  'ssacli-5.10-p408i-p440ar/ctrl_all_show_config_detail',
  'ssacli-5.10-p408i-p440ar/ctrl_all_show_status',
  'hpacucli-8.50-6i-p400/ctrl_all_show_config',
].map(fixture)

fuzzParser('ssacli', texts, parseSmartArrays)
fuzzParser(
  'cciss_vol_status',
  [fixture('cciss-vol-status-1.12-p400i/-V_/dev/cciss/c0d0_/dev/sg4')],
  parseCciss,
)
