/**
 * Compares the gradients that the engine builds with central differences of the same graph, in float64.
 * The loss is a fixed random weighting of every output element, so no gradient entry can hide.
 */
import assert from 'node:assert/strict'
import { gradients } from '../../node/graph/gradient.ts'
import { type Dim, Graph, type Value } from '../../node/graph/graph.ts'
import type { OpType } from '../../node/graph/op.ts'
import * as op from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { type Tensor, tensorOf, toNumbers } from '../../node/graph/tensor.ts'

export interface Input {
  readonly dims: readonly number[]
  /** With symbols; `dims` where absent. */
  readonly shape?: readonly Dim[]
  readonly values?: readonly number[]
  /** Random values are drawn from here; [-1, 1] where absent. */
  readonly from?: readonly [number, number]
}

export interface GradientCase {
  readonly name: string
  readonly inputs: Readonly<Record<string, Input>>
  /** Integer inputs: no gradient, fed as they are. */
  readonly indices?: Readonly<Record<string, { readonly shape: readonly Dim[]; readonly tensor: Tensor }>>
  readonly build: (inputs: Readonly<Record<string, Value>>) => Value | readonly Value[]
  readonly step?: number
  readonly tolerance?: number
}

/** A small generator of uniform numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function randomTensor(next: () => number, { dims, from = [-1, 1], values }: Input): Tensor {
  const count = dims.reduce((a, b) => a * b, 1)
  return tensorOf(
    'float64',
    dims,
    values ?? Array.from({ length: count }, () => from[0] + (from[1] - from[0]) * next()),
  )
}

/** Weighted sum of an output whose size may be symbolic: the weights are cos(1), cos(2), … */
function weightedSum(value: Value): Value {
  const flat = op.reshape(value, [-1])
  const place = op.cast(op.range(value.graph, 1, flat.shape[0]!), 'float64')
  return op.sumAll(op.mul(op.cast(flat, 'float64'), op.cos(place)))
}

/** Checks every element of every input's gradient. @returns the ops that the forward pass was made of */
export async function checkGradients(spec: GradientCase): Promise<ReadonlySet<OpType>> {
  const { step = 1e-5, tolerance = 1e-6 } = spec
  const graph = new Graph()
  const next = random(7)
  const parameters: Record<string, Value> = {}
  const feeds: Record<string, Tensor> = {}
  for (const [name, input] of Object.entries(spec.inputs)) {
    parameters[name] = graph.input(name, 'float64', input.shape ?? input.dims)
    feeds[name] = randomTensor(next, input)
  }
  const all: Record<string, Value> = { ...parameters }
  for (const [name, { shape, tensor }] of Object.entries(spec.indices ?? {})) {
    all[name] = graph.input(name, tensor.dtype, shape)
    feeds[name] = tensor
  }
  const built = [spec.build(all)].flat() as Value[]
  const ops = new Set(graph.nodes.map(node => node.op))
  const loss = built.map(weightedSum).reduce(op.add)
  graph.output('loss', loss)
  await using forward = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
  const found = gradients(loss, Object.values(parameters))
  for (const [index, name] of Object.keys(parameters).entries()) graph.output(`d ${name}`, found[index]!)
  await using both = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
  const exact = await both.run(feeds)

  const lossAt = async (name: string, element: number, delta: number): Promise<number> => {
    const data = Float64Array.from(toNumbers(feeds[name]!))
    data[element]! += delta
    const { loss: y } = await forward.run({ ...feeds, [name]: { ...feeds[name]!, data } })
    return toNumbers(y!)[0]!
  }
  for (const name of Object.keys(parameters)) {
    const gradient = exact[`d ${name}`]!
    assert.deepEqual(
      [gradient.dtype, ...gradient.dims],
      ['float64', ...feeds[name]!.dims],
      `${spec.name}: shape of d ${name}`,
    )
    const values = toNumbers(gradient)
    assert.ok(
      values.some(value => value !== 0),
      `${spec.name}: d ${name} is zero everywhere`,
    )
    for (const [element, value] of values.entries()) {
      const slope = ((await lossAt(name, element, step)) - (await lossAt(name, element, -step))) / (2 * step)
      const error = Math.abs(value - slope) / Math.max(1, Math.abs(slope))
      assert.ok(error < tolerance, `${spec.name}: d ${name}[${element}] is ${value}, by differences ${slope}`)
    }
  }
  return ops
}
