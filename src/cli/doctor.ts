/** `remora doctor`: whether this node has what Remora needs, looked at without an agent, and what to do where it has not. */
import { type Examination, examine } from '../doctor/examine.ts'
import type { Finding, Level } from '../doctor/finding.ts'

export interface Doctor extends Examination {
  readonly json: boolean
  readonly isColoured: boolean
  readonly out: (text: string) => void
}

/** @returns the exit code: 0 no problem was found, 1 one was */
export async function doctor(how: Doctor): Promise<0 | 1> {
  const findings = await examine(how)
  if (how.json) how.out(`${JSON.stringify(findings, null, 2)}\n`)
  else
    how.out(
      `${[...findings.flatMap((finding) => lines(finding, how.isColoured)), '', summary(findings)].join('\n')}\n`,
    )
  return findings.some(({ level }) => level === 'problem') ? 1 : 0
}

const marks: Readonly<Record<Level, { readonly word: string; readonly colour: string }>> = {
  ok: { word: 'ok     ', colour: '\x1b[32m' },
  unknown: { word: 'unknown', colour: '\x1b[36m' },
  warning: { word: 'warning', colour: '\x1b[33m' },
  problem: { word: 'PROBLEM', colour: '\x1b[31m' },
}
const plain = '\x1b[0m'

const indent = ' '.repeat(9)
const columns = 80

function lines({ check, level, saw, todo }: Finding, isColoured: boolean): string[] {
  const { word, colour } = marks[level]
  const [first = '', ...more] = wrapped(`${check}: ${saw}`)
  const shown = isColoured ? `${colour}${word}${plain}` : word
  return [
    `${shown}  ${first}`,
    ...[...more, ...(todo === undefined ? [] : wrapped(todo))].map((one) => indent + one),
  ]
}

/** Lines that fit behind the indent; a word that is longer stands alone. */
function wrapped(sentence: string): string[] {
  const found: string[] = []
  let line = ''
  for (const word of sentence.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns - indent.length) {
      found.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...found, line]
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length
  const counted = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
  return [
    counted(count('problem'), 'problem'),
    counted(count('warning'), 'warning'),
    `${count('unknown')} unknown`,
    `${count('ok')} ok`,
  ].join(', ')
}
