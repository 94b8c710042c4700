/**
 * How a swarm grows beyond what one machine can hold: simulations of 100 to 10,000 nodes with the lines that people have,
 * who come and go, against what no scheme could beat: each node's own downlink, the first holder's uplink, and all uplinks
 * together (Kumar and Ross 2006).
 */
import { table } from '../../cli/terminal.ts'
import { format, type Part } from './report.ts'
import type { Line } from './swarm-model.ts'
import { type Simulated, simulate } from './swarm-simulation.ts'
import type { SwarmBench } from './swarm-speed.ts'

const BYTES = 2 ** 31
const SEED = 1
/** Megabits down and up, and how common such a line is. */
const LINES = [
  { down: 25, up: 5, share: 0.2 },
  { down: 100, up: 20, share: 0.4 },
  { down: 250, up: 100, share: 0.3 },
  { down: 1000, up: 1000, share: 0.1 },
] as const
const FIRST = lineOf(100, 100)
/** Here for ten minutes, away for two. */
export const CHURN = { stayMs: 600_000, awayMs: 120_000 }

export interface Swarm {
  readonly nodes: number
  readonly chunks: number
  readonly churn: boolean
}

/** The same chunks for all sizes, and finer ones for the smallest, to tell one effect from the other. */
const SWARMS: readonly Swarm[] = [
  { nodes: 100, chunks: 512, churn: false },
  { nodes: 100, chunks: 512, churn: true },
  { nodes: 100, chunks: 64, churn: true },
  { nodes: 1000, chunks: 64, churn: true },
  { nodes: 10_000, chunks: 64, churn: true },
]

export async function growth({ quick, say }: SwarmBench): Promise<Part> {
  const rows: string[][] = []
  const runs: unknown[] = []
  for (const swarm of SWARMS.filter(({ nodes }) => !quick || nodes <= 1000)) {
    const started = performance.now()
    const outcome = grow(swarm)
    const seconds = (performance.now() - started) / 1000
    say(`${swarm.nodes} nodes simulated in ${format(seconds)} s`)
    rows.push(rowOf(swarm, outcome))
    runs.push({ ...swarm, seconds, ...outcome })
  }
  const heads = [
    'done after: half',
    '95 %',
    'all',
    '÷ bound: half',
    '95 %',
    'all',
    'first sent',
    'most sent',
    'twice',
  ]
  return { figures: [], runs: { simulated: runs }, tables: [table(['2 GiB', ...heads], rows)] }
}

export interface Grown {
  /** Seconds until half, 95 % and all nodes had everything. */
  readonly finished: readonly number[]
  /** The same of each node's time to its own bound. */
  readonly toBound: readonly number[]
  /** Sent by the first holder, in bases. */
  readonly first: number
  /** Sent by the one who sent most, to what its share of all uplinks would be. */
  readonly most: number
  /** Share of the bytes that were sent for nothing. */
  readonly wasted: number
  readonly departures: number
}

export function grow({ nodes, chunks, churn }: Swarm): Grown {
  const lines = linesOf(nodes)
  const outcome = simulate({
    lines,
    first: FIRST,
    bytes: BYTES,
    chunks,
    seed: SEED,
    ...(churn && { churn: CHURN }),
  })
  const capacity = lines.reduce((sum, { up }) => sum + up, FIRST.up)
  const common = Math.max(BYTES / FIRST.up, (nodes * BYTES) / capacity)
  const bounds = lines.map(({ down }) => Math.max(common, BYTES / down))
  return {
    finished: spread(outcome.finished.map(ms => ms / 1000)),
    toBound: spread(outcome.finished.map((ms, node) => ms / bounds[node]!)),
    first: outcome.sent.at(-1)! / BYTES,
    most: fairness(outcome, lines, capacity),
    wasted: outcome.wasted / BYTES / nodes,
    departures: outcome.departures,
  }
}

function fairness({ sent }: Simulated, lines: readonly Line[], capacity: number): number {
  const total = sent.reduce((sum, bytes) => sum + bytes, 0)
  return Math.max(...lines.map(({ up }, node) => sent[node]! / ((total * up) / capacity)))
}

/** Every kind of line in its share, well mixed. */
function linesOf(nodes: number): Line[] {
  return Array.from({ length: nodes }, (_, node) => {
    let place = (((node * 7919) % nodes) + 0.5) / nodes
    for (const { down, up, share } of LINES) {
      if (place < share) return lineOf(down, up)
      place -= share
    }
    throw new Error('the shares of lines do not add up to one')
  })
}

/** Of megabits a second. */
function lineOf(down: number, up: number): Line {
  return { down: (down * 1e6) / 8000, up: (up * 1e6) / 8000 }
}

/** The median, the 95th percentile, and the last. */
function spread(numbers: readonly number[]): number[] {
  const sorted = numbers.toSorted((a, b) => a - b)
  return [0.5, 0.95, 1].map(share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!)
}

function rowOf({ nodes, chunks, churn }: Swarm, { finished, toBound, first, most, wasted }: Grown): string[] {
  return [
    `${nodes} nodes, ${chunks} chunks${churn ? '' : ', nobody leaves'}`,
    ...finished.map(seconds => `${Math.round(seconds)} s`),
    ...toBound.map(format),
    `${format(first)} bases`,
    `${format(most)} shares`,
    `${format(100 * wasted)} %`,
  ]
}
