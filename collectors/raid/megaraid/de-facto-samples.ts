/** The `megaraid_*` series of one card. What storcli.py shows of an HBA of the mpt3sas driver is less, and so it is here. */
import type { Sample } from '../../../src/model.ts'
import type { Card } from './card.ts'
import * as known from './de-facto.ts'

export function* deFactoSamples(card: Card): Generator<Sample> {
  const { part, facts } = card
  const labels = { controller: part.controller }
  const { model = '', controllerSerial: serial = '' } = part
  const { sampleOf } = known
  yield* sampleOf(known.controllerInfo, 1, { ...labels, model, serial, fwversion: facts.firmware ?? '' })
  yield* sampleOf(known.temperature, part.celsius?.roc, labels)
  if (part.status.word !== '') {
    const says = (word: string) => part.status.word === word
    if (facts.driver === 'mpt3sas') yield* sampleOf(known.healthy, says('OK'), labels)
    else {
      yield* sampleOf(known.healthy, says('Optimal'), labels)
      yield* sampleOf(known.degraded, says('Degraded'), labels)
      yield* sampleOf(known.failed, says('Failed'), labels)
    }
  }
  yield* sampleOf(known.timeDifference, facts.timeDifferenceSeconds, labels)
  yield* sampleOf(known.batteryHealthy, facts.batteryHealthy, labels)
  yield* sampleOf(known.patrolScheduled, facts.patrolScheduled, labels)
  yield* sampleOf(known.ports, facts.ports, labels)
  yield* sampleOf(known.physicalDrives, facts.physicalDrives, labels)
  yield* sampleOf(known.driveGroups, facts.driveGroups, labels)
  yield* sampleOf(known.virtualDrives, facts.virtualDrives, labels)
  yield* batterySamples(card)
  for (const volume of card.volumes) yield* volumeSamples(volume)
  for (const disk of card.disks) yield* diskSamples(disk)
}

function* batterySamples({ part, batteries }: Card): Generator<Sample> {
  const labels = { controller: part.controller }
  for (const [index, battery] of batteries.filter(({ technology }) => technology === 'battery').entries())
    yield* known.sampleOf(known.batteryTemperature, battery.celsius, { ...labels, bbuidx: String(index) })
  for (const [index, vault] of batteries.filter(({ technology }) => technology === 'capacitor').entries()) {
    const own = { ...labels, cvidx: String(index) }
    yield* known.sampleOf(known.vaultTemperature, vault.celsius, own)
    for (const state of ['optimal', 'degraded', 'failed'])
      yield* known.sampleOf(known.vaultState, vault.status.word.toLowerCase() === state, { ...own, state })
  }
}

function* volumeSamples({ part, facts }: Card['volumes'][number]): Generator<Sample> {
  yield* known.sampleOf(known.virtualDriveInfo, 1, {
    controller: part.controller,
    DG: facts.group ?? '-1',
    VG: part.array,
    name: part.name ?? '',
    cache: facts.cache ?? '',
    type: facts.type ?? '',
    state: part.status.word,
  })
}

function* diskSamples({ part, facts }: Card['disks'][number]): Generator<Sample> {
  const { controller, enclosure, slot } = part
  const labels = { controller, enclosure, slot }
  const { sampleOf } = known
  yield* sampleOf(known.shieldCounter, facts.shieldCounter, labels)
  yield* sampleOf(known.mediaErrors, part.mediaErrors, labels)
  yield* sampleOf(known.otherErrors, part.otherErrors, labels)
  yield* sampleOf(known.predictiveErrors, part.predictiveFailures, labels)
  yield* sampleOf(known.smartAlerted, part.smartAlert, labels)
  yield* sampleOf(known.linkSpeed, facts.linkGigabits, labels)
  yield* sampleOf(known.deviceSpeed, facts.deviceGigabits, labels)
  yield* sampleOf(known.commissionedSpare, facts.commissionedSpare, labels)
  yield* sampleOf(known.emergencySpare, facts.emergencySpare, labels)
  yield* sampleOf(known.driveTemperature, part.celsius, labels)
  yield* sampleOf(known.driveInfo, 1, {
    ...labels,
    disk_id: facts.deviceId ?? '',
    interface: facts.interface ?? '',
    media: facts.media ?? '',
    model: part.model ?? '',
    DG: facts.group ?? '',
    state: facts.state ?? '',
    firmware: part.firmware ?? '',
    serial: part.serial ?? '',
  })
}
