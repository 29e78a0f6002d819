/** Answers as storcli 7 gives them, made for machines that nobody has on the desk: many controllers, many drives. */

export interface MadeDrive {
  readonly enclosure: number
  readonly slot: number
  readonly state?: string
  readonly group?: number | string
  readonly mediaErrors?: number
  readonly alert?: boolean
}

export interface MadeVolume {
  readonly number: number
  readonly group: number
  readonly state?: string
  /** `Consistency Check (12%)` */
  readonly active?: string
}

export interface MadeController {
  readonly number: number
  readonly serial: string
  readonly state?: string
  readonly volumes: readonly MadeVolume[]
  readonly drives: readonly MadeDrive[]
  /** How far rebuilds are, in percent. */
  readonly rebuilt?: number
}

/** The files of test/bin/storcli64, by the name of the question. */
export function answersOf(controllers: readonly MadeController[]): Readonly<Record<string, string>> {
  return {
    cALL_show_all: written(controllers, controllerData),
    cALL_eALL_sALL_show_all: written(controllers, driveData),
    cALL_vALL_show_all: written(controllers, volumeData),
    cALL_cv_show_all: written(controllers, () => ({
      Cachevault_Info: [
        { Property: 'Type', Value: 'CVPM05' },
        { Property: 'State', Value: 'Optimal' },
      ],
      Design_Info: [{ Property: 'Serial Number', Value: 31337 }],
    })),
    cALL_show_patrolread: written(controllers, () => ({
      'Controller Properties': [{ Ctrl_Prop: 'PR Current State', Value: 'Stopped' }],
    })),
    cALL_eALL_sALL_show_rebuild: written(controllers, (one) =>
      one.drives.map((drive) => ({
        'Drive-ID': `/c${one.number}/e${drive.enclosure}/s${drive.slot}`,
        'Progress%': drive.state === 'Rbld' ? (one.rebuilt ?? 0) : '-',
        Status: drive.state === 'Rbld' ? 'In progress' : 'Not in progress',
        'Estimated Time Left': drive.state === 'Rbld' ? '1 Hours 30 Minutes' : '-',
      })),
    ),
  }
}

function written(controllers: readonly MadeController[], data: (one: MadeController) => unknown): string {
  const entries = controllers.map((one) => ({
    'Command Status': {
      'CLI Version': '007.2310.0000.0000 Nov 02, 2022',
      'Operating system': 'Linux 6.1.0-13-amd64',
      Controller: one.number,
      Status: 'Success',
      Description: 'None',
    },
    'Response Data': data(one),
  }))
  return `${JSON.stringify({ Controllers: entries }, null, '\t')}\n`
}

function controllerData({ number, serial, state = 'Optimal', volumes, drives }: MadeController) {
  return {
    Basics: {
      Controller: number,
      Model: 'AVAGO MegaRAID SAS 9361-8i',
      'Serial Number': serial,
      'Current Controller Date/Time': '03/01/2026, 10:00:07',
      'Current System Date/time': '03/01/2026, 10:00:00',
    },
    Version: {
      'Firmware Version': '4.680.00-8577',
      'Driver Name': 'megaraid_sas',
      'Driver Version': '07.719.03.00-rc1',
    },
    Status: {
      'Controller Status': state,
      'Memory Correctable Errors': 0,
      'Memory Uncorrectable Errors': 0,
      'BBU Status': 0,
    },
    HwCfg: { 'Backend Port Count': 8, BBU: 'Absent', 'ROC temperature(Degree Celsius)': 40 + number },
    'Scheduled Tasks': { 'Patrol Read Reoccurrence': '168 hrs' },
    'Drive Groups': volumes.length,
    'Virtual Drives': volumes.length,
    'VD LIST': volumes.map(volumeRow),
    'Physical Drives': drives.length,
    'PD LIST': drives.map(driveRow),
    Cachevault_Info: [{ Model: 'CVPM05', State: 'Optimal', Temp: '27C', Mode: '-', MfgDate: '2017/05/10' }],
  }
}

function volumeRow({ number, group, state = 'Optl' }: MadeVolume) {
  const rest = {
    Access: 'RW',
    Consist: 'Yes',
    Cache: 'RWBD',
    Cac: '-',
    sCC: 'ON',
    Size: '43.661 TB',
    Name: `vol${number}`,
  }
  return { 'DG/VD': `${group}/${number}`, TYPE: 'RAID6', State: state, ...rest }
}

function driveRow({ enclosure, slot, state = 'Onln', group = '-' }: MadeDrive) {
  const rest = {
    Size: '7.276 TB',
    Intf: 'SAS',
    Med: 'HDD',
    SED: 'N',
    PI: 'N',
    SeSz: '512B',
    Model: 'ST8000NM0075    ',
    Sp: 'U',
    Type: '-',
  }
  return { 'EID:Slt': `${enclosure}:${slot}`, DID: enclosure * 100 + slot, State: state, DG: group, ...rest }
}

/** Serial number of the made drive in this place: says which controller it belongs to. */
export function serialAt(controller: number, enclosure: number, slot: number): string {
  return `ZA${controller}E${enclosure}S${slot}`
}

function driveData({ number, drives }: MadeController) {
  return Object.fromEntries(
    drives.flatMap((drive) => {
      const name = `Drive /c${number}/e${drive.enclosure}/s${drive.slot}`
      return [
        [name, [driveRow(drive)]],
        [`${name} - Detailed Information`, detailsOf(name, number, drive)],
      ]
    }),
  )
}

function detailsOf(
  name: string,
  controller: number,
  { enclosure, slot, mediaErrors = 0, alert = false }: MadeDrive,
) {
  return {
    [`${name} State`]: {
      'Shield Counter': 0,
      'Media Error Count': mediaErrors,
      'Other Error Count': 0,
      'Drive Temperature': ` ${20 + (slot % 20)}C (77.00 F)`,
      'Predictive Failure Count': 0,
      'S.M.A.R.T alert flagged by drive': alert ? 'Yes' : 'No',
    },
    [`${name} Device attributes`]: {
      SN: `  ${serialAt(controller, enclosure, slot)}  `,
      'Firmware Revision': 'E002    ',
      'Raw size': '7.277 TB [0x3a3812ab0 Sectors]',
      'Device Speed': '12.0Gb/s',
      'Link Speed': '12.0Gb/s',
      'Logical Sector Size': '512B',
    },
    [`${name} Policies/Settings`]: { 'Commissioned Spare': 'No', 'Emergency Spare': 'No' },
    'Inquiry Data': '00 00 06 12 45 00 30 02 53 45 41 47 41 54 45 20 ',
  }
}

function volumeData({ number, volumes, drives }: MadeController) {
  return Object.fromEntries(
    volumes.flatMap((volume) => [
      [`/c${number}/v${volume.number}`, [volumeRow(volume)]],
      [`PDs for VD ${volume.number}`, drives.filter(({ group }) => group === volume.group).map(driveRow)],
      [
        `VD${volume.number} Properties`,
        {
          'Span Depth': 1,
          'Number of Drives Per Span': drives.filter(({ group }) => group === volume.group).length,
          'Active Operations': volume.active ?? 'None',
          'OS Drive Name': `/dev/sd${String.fromCharCode(97 + number)}`,
        },
      ],
    ]),
  )
}

/** A controller with drives in enclosures of 24, the first eight in one array. */
export function madeController(number: number, drives: number): MadeController {
  return {
    number,
    serial: `SK9361${String(number).padStart(4, '0')}`,
    volumes: [{ number: 0, group: 0 }],
    drives: Array.from({ length: drives }, (_, index) => ({
      enclosure: 8 + Math.floor(index / 24),
      slot: index % 24,
      group: index < 8 ? 0 : '-',
      state: index < 8 ? 'Onln' : 'UGood',
    })),
  }
}
