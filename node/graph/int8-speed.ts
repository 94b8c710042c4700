/** Whether this processor multiplies bytes much faster than float32: what it says of itself, and a trial. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Graph } from './graph.ts'
import { matMul, quantizedMatMul, quantizeRows } from './ops.ts'
import { GraphSession } from './session.ts'

const [ROWS, INNER, COLUMNS] = [512, 1536, 576]
const ROUNDS = 12
const CLEAR = 1.8
const PAUSE_MS = 200

/** Linux's names for instructions that multiply bytes and add the products in 32 bits: x86's and ARM's. */
const INSTRUCTIONS = /\b(?:avx512_vnni|avx_vnni|amx_int8|asimddp|i8mm)\b/
/** With such instructions a trial gives 2 and more, without them near 1. */
const MUCH = 1.5
/** A trial in a bad moment gives less; where the instructions are known to be there, it is to show only that they are used. */
const SOME = 1.1

let known: Promise<number> | undefined

/** True where products in 8 bits are worth their rounding. */
export async function isInt8MuchFaster(): Promise<boolean> {
  const described = await readFile('/proc/cpuinfo', 'latin1').catch(() => '') // Linux's only
  return (await int8Speedup()) >= (INSTRUCTIONS.test(described) ? SOME : MUCH)
}

/** The best time of a float32 product divided by that of the same in 8 bits, quantising included. Found once a process. */
export function int8Speedup(): Promise<number> {
  known ??= find()
  return known
}

/** Measured again where it is not clear: neighbours on the machine hold up products in 8 bits most, for a moment. */
async function find(): Promise<number> {
  let best = await measure()
  for (let again = 0; again < 2 && best < CLEAR; again++) {
    await sleep(PAUSE_MS)
    best = Math.max(best, await measure())
  }
  return best
}

async function measure(): Promise<number> {
  await using plain = await GraphSession.open(
    product(graph => {
      const x = graph.input('x', 'float32', [ROWS, INNER])
      return matMul(x, graph.input('w', 'float32', [INNER, COLUMNS]))
    }),
    { device: 'cpu' },
  )
  await using quantized = await GraphSession.open(
    product(graph => {
      const x = quantizeRows(graph.input('x', 'float32', [ROWS, INNER]))
      const w = graph.input('w', 'int8', [INNER, COLUMNS])
      return quantizedMatMul(x, w, graph.input('scale', 'float32', [COLUMNS]))
    }),
    { device: 'cpu' },
  )
  const x = { dtype: 'float32', dims: [ROWS, INNER], data: new Float32Array(ROWS * INNER).fill(0.5) } as const
  const dims = [INNER, COLUMNS]
  const w = { dtype: 'float32', dims, data: new Float32Array(INNER * COLUMNS).fill(0.5) } as const
  const bytes = { dtype: 'int8', dims, data: new Int8Array(INNER * COLUMNS).fill(64) } as const
  const scale = { dtype: 'float32', dims: [COLUMNS], data: new Float32Array(COLUMNS).fill(1) } as const
  const float: number[] = []
  const int: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    float.push(await seconds(() => plain.run({ x, w })))
    int.push(await seconds(() => quantized.run({ x, w: bytes, scale })))
  }
  return Math.min(...float) / Math.min(...int)
}

function product(build: (graph: Graph) => ReturnType<typeof matMul>): Graph {
  const graph = new Graph()
  graph.output('y', build(graph))
  return graph
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return (performance.now() - started) / 1000
}
