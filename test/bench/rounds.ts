/** Contenders taking turns, and what their turns say: ratios within a round, medians over rounds. */
import type { StepReport } from './contender.ts'

/** What a contender did in one round. */
export interface Turn {
  readonly seconds: number
  readonly items: number
  readonly tokens: number
  readonly losses: readonly number[]
  readonly rss: number
  readonly peakRss: number
  readonly precision?: string
  readonly rate?: number
}

export interface Runner {
  readonly name: string
  step(): Promise<StepReport>
}

export interface Entrant {
  readonly runner: Runner
  /** Steps in a round, and before the first. */
  readonly steps: number
  readonly warmUp: number
}

export type Rounds = ReadonlyMap<string, readonly Turn[]>

/** Warm-up, then `rounds` rounds in which each takes its turn; who begins changes from round to round. */
export async function takeTurns(
  entrants: readonly Entrant[],
  rounds: number,
  say: (line: string) => void,
): Promise<Rounds> {
  const turns = new Map(entrants.map(({ runner }) => [runner.name, [] as Turn[]]))
  for (const { runner, warmUp } of entrants) await takeTurn(runner, warmUp)
  for (let round = 0; round < rounds; round++) {
    const told: string[] = []
    for (let place = 0; place < entrants.length; place++) {
      const { runner, steps } = entrants[(round + place) % entrants.length]!
      const turn = await takeTurn(runner, steps)
      turns.get(runner.name)!.push(turn)
      told.push(`${runner.name} ${describe(turn)}`)
    }
    say(`round ${round + 1} of ${rounds}: ${told.join(', ')}`)
  }
  return turns
}

async function takeTurn(runner: Runner, steps: number): Promise<Turn> {
  const reports: StepReport[] = []
  for (let step = 0; step < steps; step++) reports.push(await runner.step())
  return turnOf(reports)
}

export function turnOf(reports: readonly StepReport[]): Turn {
  const total = (of: (report: StepReport) => number) => reports.reduce((sum, report) => sum + of(report), 0)
  const last = reports.at(-1)
  return {
    seconds: total(report => report.seconds),
    items: total(report => report.items),
    tokens: total(report => report.tokens),
    losses: reports.map(report => report.loss),
    rss: last?.rss ?? 0,
    peakRss: last?.peakRss ?? 0,
    ...(last?.precision === undefined ? {} : { precision: last.precision }),
    ...(last?.rate === undefined ? {} : { rate: last.rate }),
  }
}

function describe({ rate, tokens, seconds }: Turn): string {
  return rate === undefined ? `${Math.round(tokens / seconds)} tokens/s` : `${Math.round(rate / 1e9)} GFLOP/s`
}

export function median(numbers: readonly number[]): number {
  if (numbers.length === 0) return Number.NaN
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median over rounds of `ours`'s items per second to `theirs`'s in the same round. */
export function speedRatio(ours: readonly Turn[], theirs: readonly Turn[]): number {
  const speed = ({ items, seconds }: Turn) => items / seconds
  return median(ours.map((turn, round) => speed(turn) / speed(theirs[round]!)))
}

/** The worst relative difference between losses of the same steps. */
export function lossDifference(ours: readonly Turn[], theirs: readonly Turn[]): number {
  const [a, b] = sameSteps(ours, theirs)
  return Math.max(...a.map((loss, step) => Math.abs(loss - b[step]!) / Math.abs(b[step]!)))
}

/** The relative difference between the mean losses of the same steps. */
export function meanLossDifference(ours: readonly Turn[], theirs: readonly Turn[]): number {
  const [a, b] = sameSteps(ours, theirs)
  const sum = (losses: readonly number[]) => losses.reduce((total, loss) => total + loss, 0)
  return Math.abs(sum(a) - sum(b)) / Math.abs(sum(b))
}

function sameSteps(...all: readonly (readonly Turn[])[]): [readonly number[], readonly number[]] {
  const [a, b] = all.map(turns => turns.flatMap(turn => turn.losses))
  if (a!.length !== b!.length) throw new TypeError('losses of different steps cannot be compared')
  return [a!, b!]
}

/** The highest resident memory of a contender's whole life. */
export function peakRss(turns: readonly Turn[]): number {
  return Math.max(...turns.map(turn => turn.peakRss))
}
