/**
 * Keys and values of the tokens already read, per layer, in memory that grows by doubling.
 *
 * Time comes first ([past, kvHeads, headDim]), so the used part is one contiguous view that is fed without a copy, and
 * a pass returns only its new rows. Rejected: passing whole caches in and out, which copies everything per token.
 */
import type { Graph, Value } from '../graph/graph.ts'
import { concat, slice } from '../graph/ops.ts'
import type { Tensor } from '../graph/tensor.ts'
import { attendCached } from '../model/attention.ts'
import type { ModelConfig } from '../model/config.ts'
import type { Layout } from '../model/layout.ts'

const KINDS = ['key', 'value'] as const

/** The layout of one sequence read piece by piece: inputs for what is past, outputs for what is new; the last token is kept. */
export function cachedLayout(graph: Graph, config: ModelConfig): Layout {
  const tokens = graph.input('tokens', 'int64', ['tokens'])
  const positions = graph.input('positions', 'int64', ['tokens'])
  const past = new Map<string, Value>()
  for (let layer = 0; layer < config.layers; layer++) {
    for (const kind of KINDS) {
      const name = pastName(layer, kind)
      past.set(name, graph.input(name, 'float32', ['past', config.kvHeads, config.headDim]))
    }
  }
  return {
    tokens,
    positions,
    attend(layer, q, k, v, options) {
      graph.output(newName(layer, 'key'), k)
      graph.output(newName(layer, 'value'), v)
      const keys = concat([past.get(pastName(layer, 'key'))!, k], 0) // [past+tokens, kvHeads, headDim]
      const values = concat([past.get(pastName(layer, 'value'))!, v], 0)
      return attendCached(q, keys, values, options)
    },
    keep: x => slice(x, 0, -1),
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

  /** Feeds for the past of `cachedLayout`. Valid until the next `append`. */
  feeds(): Record<string, Tensor> {
    const { layers, kvHeads, headDim } = this.#config
    const feeds: Record<string, Tensor> = {}
    for (let layer = 0; layer < layers; layer++) {
      for (const kind of KINDS) {
        const name = pastName(layer, kind)
        const data = this.#rows.get(name)?.subarray(0, this.#length * kvHeads * headDim) ?? new Float32Array()
        feeds[name] = { dtype: 'float32', dims: [this.#length, kvHeads, headDim], data }
      }
    }
    return feeds
  }

  /** Begins with keys and values that were read from no token. @param rows of `count` tokens, by layer */
  begin(count: number, rows: readonly { readonly key: Float32Array; readonly value: Float32Array }[]): void {
    const outputs = rows.flatMap((layer, index) =>
      KINDS.map(kind => [newName(index, kind), { data: layer[kind] }] as const),
    )
    this.append(Object.fromEntries(outputs), count)
  }

  /** Takes over the new rows of a pass over `count` tokens. */
  append(outputs: Readonly<Record<string, Pick<Tensor, 'data'>>>, count: number): void {
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
