/** What the bench says at its end: a table for people, one JSON object for machines (DESIGN.md gives its shape). */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { table } from '../../cli/terminal.ts'
import { median, peakRss, type Rounds } from './rounds.ts'

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly bar: number
  readonly better: 'higher' | 'lower'
}

/** What a part of the bench found. */
export interface Part {
  readonly figures: readonly Figure[]
  /** The raw runs, for the file. */
  readonly runs: Readonly<Record<string, unknown>>
  /** Further tables, for people. */
  readonly tables: readonly string[]
}

export function reaches({ value, bar, better }: Figure): boolean {
  return better === 'higher' ? value >= bar : value <= bar
}

export function figureTable(figures: readonly Figure[]): string {
  return table(
    ['figure', 'value', 'bar', ''],
    figures.map(figure => [
      figure.name,
      `${format(figure.value)}${figure.unit === '' ? '' : ` ${figure.unit}`}`,
      `${figure.better === 'higher' ? '>=' : '<='} ${figure.bar}`,
      reaches(figure) ? 'reached' : 'not reached',
    ]),
  )
}

export function format(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return value.toExponential(1)
  return value.toFixed(Math.abs(value) < 10 ? 3 : 1)
}

export async function writeReport(file: string, part: Part, versions: readonly string[]): Promise<void> {
  const report = {
    commit: await commit(),
    date: new Date().toISOString(),
    machine: { ...machine(), versions },
    figures: part.figures,
    runs: part.runs,
  }
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
}

export function machine(): Readonly<Record<string, string | number>> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}

/** What is checked out, `-dirty` where files differ from it; `unknown` outside of a repository. */
async function commit(): Promise<string> {
  const git = async (...args: readonly string[]) => {
    const { stdout } = await promisify(execFile)('git', [...args], { cwd: import.meta.dirname })
    return stdout.trim()
  }
  try {
    const isDirty = (await git('status', '--porcelain', '--untracked-files=no')) !== ''
    return `${await git('rev-parse', 'HEAD')}${isDirty ? '-dirty' : ''}`
  } catch {
    return 'unknown'
  }
}

/** A row for each contender: medians over rounds. */
export function speedTable(title: string, turns: Rounds): string {
  const rows = [...turns]
    .filter(([, [turn]]) => turn?.rate === undefined)
    .map(([name, own]) => [
      name,
      own[0]?.precision ?? 'float32',
      format(median(own.map(({ items, seconds }) => items / seconds))),
      String(Math.round(median(own.map(({ tokens, seconds }) => tokens / seconds)))),
      (peakRss(own) / 1e9).toFixed(2),
    ])
  return table([title, 'precision', 'items/s', 'tokens/s', 'peak GB'], rows)
}

export function higher(name: string, value: number, bar: number): Figure {
  return { name, value, unit: '', bar, better: 'higher' }
}

export function lower(name: string, value: number, bar: number): Figure {
  return { name, value, unit: '', bar, better: 'lower' }
}
