/**
 * One memory controller: its own counts, those of its chip-select rows and channels (the older files, which a kernel may
 * leave out), and those of its DIMMs.
 * @see Linux Documentation/admin-guide/ras.rst
 */

import type { ReadLine } from '../../src/line-reader.ts'
import type { Labels, Sample, StateReading } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import * as metrics from './metrics.ts'
import { memoryState } from './states.ts'
import { labelOf, parseCount } from './values.ts'

type Items = AsyncGenerator<Sample | StateReading>

export async function* controllerItems(sys: Tree, read: ReadLine, at: string, number: string): Items {
  const labels = { controller: number }
  const entries = await sys.list(at)
  const name = await read(`${at}/mc_name`)
  if (name !== undefined) yield { metric: metrics.controllerInfo, value: 1, labels: { ...labels, name } }
  const ce = await read(`${at}/ce_count`, parseCount)
  const ue = await read(`${at}/ue_count`, parseCount)
  if (ce !== undefined) yield { metric: metrics.corrected, value: ce, labels }
  if (ue !== undefined) yield { metric: metrics.uncorrected, value: ue, labels }
  const somewhere = { ...labels, csrow: 'unknown' }
  const place = {
    place: `mc${number}:unknown`,
    name: `of mc${number}, no one knows which,`,
    attributes: labels,
  }
  const noCe = await read(`${at}/ce_noinfo_count`, parseCount)
  if (noCe !== undefined) {
    yield { metric: metrics.csrowCorrected, value: noCe, labels: somewhere }
    yield memoryState({ ...place, kind: 'corrected', count: noCe })
  }
  const noUe = await read(`${at}/ue_noinfo_count`, parseCount)
  if (noUe !== undefined) {
    yield { metric: metrics.csrowUncorrected, value: noUe, labels: somewhere }
    yield memoryState({ ...place, kind: 'uncorrected', count: noUe })
  }
  const dimms = entries.filter((entry) => /^(dimm|rank)\d+$/.test(entry))
  for (const csrow of entries.filter((entry) => /^csrow\d+$/.test(entry)))
    yield* csrowItems(sys, read, `${at}/${csrow}`, number, dimms.length > 0)
  for (const dimm of dimms) yield* dimmItems(read, `${at}/${dimm}`, labels, dimm)
}

/** @param hasDimms the DIMMs tell the same errors: only then is each of them one event */
async function* csrowItems(
  sys: Tree,
  read: ReadLine,
  at: string,
  controller: string,
  hasDimms: boolean,
): Items {
  const csrow = at.slice(at.lastIndexOf('/csrow') + '/csrow'.length)
  const labels = { controller, csrow }
  const ce = await read(`${at}/ce_count`, parseCount)
  const ue = await read(`${at}/ue_count`, parseCount)
  if (ce !== undefined) yield { metric: metrics.csrowCorrected, value: ce, labels }
  if (ue !== undefined) yield { metric: metrics.csrowUncorrected, value: ue, labels }
  if (ue !== undefined && !hasDimms)
    yield memoryState({
      place: `mc${controller}:csrow${csrow}`,
      name: `row mc${controller} csrow${csrow}`,
      kind: 'uncorrected',
      count: ue,
      attributes: labels,
    })
  for (const file of await sys.list(at)) {
    const [, channel] = /^ch(\d+)_ce_count$/.exec(file) ?? []
    if (channel === undefined) continue
    const label = labelOf(await read(`${at}/ch${channel}_dimm_label`))
    const own = { ...labels, channel, dimm_label: label }
    const count = await read(`${at}/${file}`, parseCount)
    if (count !== undefined) yield { metric: metrics.channelCorrected, value: count, labels: own }
    if (count !== undefined && !hasDimms)
      yield memoryState({
        place: `mc${controller}:csrow${csrow}:ch${channel}`,
        name: `${label} (mc${controller} csrow${csrow} channel ${channel})`,
        kind: 'corrected',
        count,
        attributes: own,
      })
    const worse = await read(`${at}/ch${channel}_ue_count`, parseCount)
    if (worse !== undefined) yield { metric: metrics.channelUncorrected, value: worse, labels: own }
  }
}

async function* dimmItems(read: ReadLine, at: string, controller: Labels, dimm: string): Items {
  const label = labelOf(await read(`${at}/dimm_label`))
  const labels = { ...controller, dimm, dimm_label: label }
  const more = {
    location: (await read(`${at}/dimm_location`)) ?? '',
    memory_type: (await read(`${at}/dimm_mem_type`)) ?? '',
    device_type: (await read(`${at}/dimm_dev_type`)) ?? '',
    edac_mode: (await read(`${at}/dimm_edac_mode`)) ?? '',
  }
  yield { metric: metrics.dimmInfo, value: 1, labels: { ...labels, ...more } }
  const mebibytes = await read(`${at}/size`, parseCount)
  if (mebibytes !== undefined) yield { metric: metrics.dimmSize, value: mebibytes * 2 ** 20, labels }
  for (const [kind, file, metric] of [
    ['corrected', 'dimm_ce_count', metrics.dimmCorrected],
    ['uncorrected', 'dimm_ue_count', metrics.dimmUncorrected],
  ] as const) {
    const count = await read(`${at}/${file}`, parseCount)
    if (count === undefined) continue
    yield { metric, value: count, labels }
    const where = `mc${controller.controller} ${dimm}`
    yield memoryState({
      place: where.replace(' ', ':'),
      name: `${label} (${[where, more.location].filter(Boolean).join(', ')})`,
      kind,
      count,
      attributes: labels,
    })
  }
}
