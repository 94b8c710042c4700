/**
 * What a gradient is checked on: inputs, and a small graph of them that any float type can be given to. In float64 the
 * gradients are held to central differences, in float32 one device is held to another.
 */
import { gradients } from '../../node/graph/gradient.ts'
import { type Dim, Graph, type Value } from '../../node/graph/graph.ts'
import type { OpType } from '../../node/graph/op.ts'
import * as op from '../../node/graph/ops.ts'
import { type Tensor, tensorOf, toNumbers } from '../../node/graph/tensor.ts'

export interface Input {
  readonly dims: readonly number[]
  /** With symbols; `dims` where absent. */
  readonly shape?: readonly Dim[]
  readonly values?: readonly number[]
  /** Random values are drawn from here; [-1, 1] where absent. */
  readonly from?: readonly [number, number]
}

export type FloatType = 'float32' | 'float64'

export interface GradientCase {
  readonly name: string
  readonly inputs: Readonly<Record<string, Input>>
  /** Further inputs without a gradient; float64 where they are floats. */
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
function weightedSum(value: Value, dtype: FloatType): Value {
  const flat = op.reshape(value, [-1])
  const place = op.cast(op.range(value.graph, 1, flat.shape[0]!), dtype)
  return op.sumAll(op.mul(op.cast(flat, dtype), op.cos(place)))
}

export interface BuiltCase {
  readonly graph: Graph
  readonly feeds: Readonly<Record<string, Tensor>>
  readonly parameters: Readonly<Record<string, Value>>
  readonly results: readonly Value[]
  /** What the results are made of. */
  readonly ops: ReadonlySet<OpType>
  readonly loss: Value
}

/** The case as a graph in that type, up to a fixed weighting of every result: no gradient entry can hide. */
export function buildCase(spec: GradientCase, dtype: FloatType): BuiltCase {
  const graph = new Graph()
  const next = random(7)
  const parameters: Record<string, Value> = {}
  const feeds: Record<string, Tensor> = {}
  for (const [name, input] of Object.entries(spec.inputs)) {
    parameters[name] = graph.input(name, dtype, input.shape ?? input.dims)
    feeds[name] = inType(dtype, randomTensor(next, input))
  }
  const all: Record<string, Value> = { ...parameters }
  for (const [name, { shape, tensor }] of Object.entries(spec.indices ?? {})) {
    feeds[name] = inType(dtype, tensor)
    all[name] = graph.input(name, feeds[name].dtype, shape)
  }
  const results = [spec.build(all)].flat() as Value[]
  const ops = new Set(graph.nodes.map(node => node.op))
  const loss = results.map(result => weightedSum(result, dtype)).reduce(op.add)
  return { graph, feeds, parameters, results, ops, loss }
}

/** Adds d loss / d parameter of every parameter to the graph's outputs, as `d NAME`. */
export function outputGradients({ graph, parameters, loss }: BuiltCase): void {
  const found = gradients(loss, Object.values(parameters))
  for (const [index, name] of Object.keys(parameters).entries()) graph.output(`d ${name}`, found[index]!)
}

function inType(dtype: FloatType, tensor: Tensor): Tensor {
  return tensor.dtype === 'float64' && dtype === 'float32'
    ? tensorOf('float32', tensor.dims, toNumbers(tensor))
    : tensor
}
