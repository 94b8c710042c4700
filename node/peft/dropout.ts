/**
 * Dropout on what goes into an update: which inputs a step keeps, drawn outside the graph from the run's seed.
 *
 * A mask for each layer is an input of the graph, and so is the factor that makes up for what is left out: an evaluation
 * keeps everything, and then there is nothing to make up for. Tokens that examples of a pass share are dropped alike for
 * all of them.
 */
import type { Graph, Value } from '../graph/graph.ts'
import { mul, scalarLike, where } from '../graph/ops.ts'
import { type Tensor, tensorOf } from '../graph/tensor.ts'
import type { Random } from '../model/random.ts'
import type { PassSizes } from './method.ts'

const FACTOR = 'dropout.factor'

export class Dropout {
  readonly #rate: number
  readonly #masks: Value[] = []
  readonly #factor: Value | undefined

  /** `rate`: the share that is left out, below 1. */
  constructor(graph: Graph, rate: number) {
    this.#rate = rate
    this.#factor = rate === 0 ? undefined : graph.input(FACTOR, 'float32', [])
  }

  /**
   * `narrow(x)`, a product with x [tokens or labels, width], with a share of x's elements zero, and made up for; once
   * for each path. The factor goes onto the result, which has fewer elements.
   */
  apply(path: string, x: Value, narrow: (x: Value) => Value): Value {
    if (this.#factor === undefined) return narrow(x)
    const mask = x.graph.input(`${path}.dropout`, 'bool', x.shape)
    this.#masks.push(mask)
    return mul(narrow(where(mask, x, scalarLike(x, 0))), this.#factor)
  }

  /** Fresh masks for a pass of these sizes; without `random` they keep everything. */
  draw(sizes: PassSizes, random: Random | undefined): Record<string, Tensor> {
    if (this.#factor === undefined) return {}
    const feeds: Record<string, Tensor> = {
      [FACTOR]: tensorOf('float32', [], [random === undefined ? 1 : 1 / (1 - this.#rate)]),
    }
    for (const { name, shape } of this.#masks) {
      const dims = shape.map(dim => (typeof dim === 'number' ? dim : sizeOf(dim, sizes)))
      feeds[name] = { dtype: 'bool', dims, data: mask(dims[0]! * dims[1]!, this.#rate, random) }
    }
    return feeds
  }
}

function sizeOf(symbol: string, sizes: PassSizes): number {
  if (symbol !== 'tokens' && symbol !== 'labels') throw new TypeError(`dropout over ${symbol}`)
  return sizes[symbol]
}

/** Ones, with zeros at gaps that follow the geometric distribution: one draw a zero, not one an element. */
function mask(length: number, rate: number, random: Random | undefined): Uint8Array {
  const kept = new Uint8Array(length).fill(1)
  if (random === undefined) return kept
  const step = 1 / Math.log1p(-rate)
  for (let at = gap(random, step); at < length; at += 1 + gap(random, step)) kept[at] = 0
  return kept
}

/** How many elements are kept before the next that is not. */
function gap(random: Random, step: number): number {
  return Math.floor(Math.log(1 - random.uniform()) * step)
}
