/** Weights of a base as a graph's external data, each named once; float32 to whoever uses them. */
import { OppuError } from '../../protocol/errors.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { quantizedWeight } from './quantized-products.ts'
import type { WeightFile } from './weights.ts'

/** A look-up that adds a weight to the graph when it is first asked for. @throws OppuError INVALID_DATA for a name the file lacks. */
export function frozenWeight(graph: Graph, weights: WeightFile): (name: string) => Value {
  const known = new Map<string, Value>()
  return name => {
    const value = known.get(name) ?? addWeight(graph, weights, name)
    known.set(name, value)
    return value
  }
}

function addWeight(graph: Graph, weights: WeightFile, name: string): Value {
  const entry = weights.tensors.get(name)
  if (entry === undefined) throw new OppuError('INVALID_DATA', `the base lacks the weight ${name}`)
  const { shape, offset, length, blocks } = entry
  if (blocks !== undefined) return quantizedWeight(graph, name, weights.path, entry, blocks)
  return graph.weight(name, 'float32', shape, { path: weights.path, offset, length })
}
