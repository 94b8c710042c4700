/**
 * Keys and values of the tokens already read, per layer, in memory that grows by doubling.
 *
 * Time comes first ([past, kvHeads, headDim]), so the used part is one contiguous view that is fed without a copy, and
 * a pass returns only its new rows. Rejected: passing whole caches in and out, which copies everything per token.
 */
import type { Graph, Value } from '../graph/graph.ts'
import { concat } from '../graph/ops.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Places } from '../model/attention.ts'
import type { ModelConfig } from '../model/config.ts'
import type { ModelHooks } from '../model/llama.ts'

const KINDS = ['key', 'value'] as const

/** Adds a cache to a graph for one sequence: inputs for what is past, outputs for what is new. */
export function attachCache(
  graph: Graph,
  config: ModelConfig,
  places: Places,
): Required<Pick<ModelHooks, 'cache' | 'keyPlaces'>> {
  const pastPlaces = (name: string) => graph.input(name, 'int64', ['batch', 'past'])
  const inputs = new Map<string, Value>()
  for (let layer = 0; layer < config.layers; layer++) {
    for (const kind of KINDS) {
      inputs.set(
        pastName(layer, kind),
        graph.input(pastName(layer, kind), 'float32', ['batch', 'past', config.kvHeads, config.headDim]),
      )
    }
  }
  return {
    keyPlaces: {
      positions: concat([pastPlaces('past.positions'), places.positions], 1), // [batch, past+seq]
      segments: concat([pastPlaces('past.segments'), places.segments], 1), // [batch, past+seq]
    },
    cache(layer, keys, values) {
      graph.output(newName(layer, 'key'), keys)
      graph.output(newName(layer, 'value'), values)
      return {
        keys: concat([inputs.get(pastName(layer, 'key'))!, keys], 1), // [batch, past+seq, kvHeads, headDim]
        values: concat([inputs.get(pastName(layer, 'value'))!, values], 1),
      }
    },
  }
}

export class KvCache {
  readonly #config: ModelConfig
  readonly #rows = new Map<string, Float32Array>()
  #capacity = 0
  #length = 0

  constructor(config: ModelConfig) {
    this.#config = config
  }

  /** Tokens held. */
  get length(): number {
    return this.#length
  }

  /** Feeds for the inputs of `attachCache`. Valid until the next `append`. */
  feeds(): Record<string, Tensor> {
    const { layers, kvHeads, headDim } = this.#config
    const dims = [1, this.#length]
    const feeds: Record<string, Tensor> = {
      'past.positions': {
        dtype: 'int64',
        dims,
        data: BigInt64Array.from({ length: this.#length }, (_, i) => BigInt(i)),
      },
      'past.segments': { dtype: 'int64', dims, data: new BigInt64Array(this.#length).fill(1n) },
    }
    for (let layer = 0; layer < layers; layer++) {
      for (const kind of KINDS) {
        const name = pastName(layer, kind)
        const data = this.#rows.get(name)?.subarray(0, this.#length * kvHeads * headDim) ?? new Float32Array()
        feeds[name] = { dtype: 'float32', dims: [1, this.#length, kvHeads, headDim], data }
      }
    }
    return feeds
  }

  /** Takes over the new rows of a pass over `count` tokens. */
  append(outputs: Readonly<Record<string, Tensor>>, count: number): void {
    const width = this.#config.kvHeads * this.#config.headDim
    if (this.#length + count > this.#capacity)
      this.#capacity = Math.max(2 * this.#capacity, this.#length + count, 64)
    for (let layer = 0; layer < this.#config.layers; layer++) {
      for (const kind of KINDS) {
        const rows = this.#grown(pastName(layer, kind), this.#capacity * width)
        rows.set(outputs[newName(layer, kind)]!.data as Float32Array, this.#length * width)
      }
    }
    this.#length += count
  }

  #grown(name: string, size: number): Float32Array {
    const old = this.#rows.get(name)
    if (old?.length === size) return old
    const rows = new Float32Array(size)
    if (old !== undefined) rows.set(old)
    this.#rows.set(name, rows)
    return rows
  }
}

function pastName(layer: number, kind: (typeof KINDS)[number]): string {
  return `past.${layer}.${kind}`
}

function newName(layer: number, kind: (typeof KINDS)[number]): string {
  return `new.${layer}.${kind}`
}
