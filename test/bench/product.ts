/**
 * What the runtime's matrix product reaches on this machine, and how fast it reads memory: what a training step is held
 * against. The weights are constant, as in training, so the runtime may lay them out as it likes. A contender like the
 * others.
 */
import { readFileSync } from 'node:fs'
import { argv, stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline'
import { Graph } from '../../node/graph/graph.ts'
import { matMul, reduceMean } from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { decodeBase, type Job, type StepReport } from './contender.ts'
import { residentMemory } from './memory.ts'
import { median } from './rounds.ts'

/** Rows, inner and outer size; the faster one counts. */
const SHAPES = [
  [2048, 2048, 2048],
  [1024, 576, 1536],
] as const
/** Products in a run, there and back again, so that handing tensors over weighs nothing. */
const CHAIN = 4
/** Seconds for each measurement in a turn. */
const TURN = 0.4

const job = JSON.parse(readFileSync(argv.at(-1)!, 'utf8')) as Job

/** Opens a chain of products of one shape, with weights out of the embedding's bytes. @returns operations per second */
async function openProduct([rows, inner, outer]: (typeof SHAPES)[number]): Promise<() => Promise<number>> {
  const { path, tensors } = decodeBase(job.base).weights
  const { offset } = [...tensors.values()].reduce((a, b) => (b.length > a.length ? b : a))
  const graph = new Graph()
  const location = { path, offset, length: 4 * inner * outer }
  const there = graph.weight('there', 'float32', [inner, outer], location)
  const back = graph.weight('back', 'float32', [outer, inner], location)
  let x = graph.input('x', 'float32', [rows, inner])
  for (let link = 0; link < CHAIN; link++) x = matMul(x, link % 2 === 0 ? there : back)
  graph.output('y', reduceMean(x, [-1]))
  const session = await GraphSession.open(graph, { device: 'cpu' })
  const data = Float32Array.from({ length: rows * inner }, (_, i) => Math.sin(i))
  const feeds = { x: { dtype: 'float32' as const, dims: [rows, inner], data } }
  return async () => {
    const started = performance.now()
    await session.run(feeds)
    return (CHAIN * 2 * rows * inner * outer) / ((performance.now() - started) / 1000)
  }
}

/** Four times a large cache. @returns bytes read per second */
async function openReading(): Promise<() => Promise<number>> {
  const dims = [2048, 16384] as const
  const graph = new Graph()
  graph.output('y', reduceMean(graph.input('x', 'float32', dims), [-1]))
  const session = await GraphSession.open(graph, { device: 'cpu' })
  const data = new Float32Array(dims[0] * dims[1]).fill(1)
  const feeds = { x: { dtype: 'float32' as const, dims, data } }
  return async () => {
    const started = performance.now()
    await session.run(feeds)
    return data.byteLength / ((performance.now() - started) / 1000)
  }
}

/** The median of what a measurement gives within a turn. */
async function usual(measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  const from = performance.now()
  while (values.length < 5 || performance.now() - from < 1000 * TURN) values.push(await measure())
  return median(values)
}

const reading = await openReading()
const products = await Promise.all(SHAPES.map(openProduct))
stdout.write('{"ready":"product"}\n')
for await (const _ of createInterface({ input: stdin })) {
  const started = performance.now()
  const rates: number[] = []
  for (const product of products) rates.push(await usual(product))
  const bandwidth = await usual(reading)
  const seconds = (performance.now() - started) / 1000
  const report: StepReport = {
    seconds,
    loss: 0,
    items: 0,
    tokens: 0,
    rate: Math.max(...rates),
    bandwidth,
    ...residentMemory(),
  }
  stdout.write(`${JSON.stringify(report)}\n`)
}
