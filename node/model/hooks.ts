/**
 * What a caller puts into an architecture: weights, and what a method of training adds to its layers. Architecture
 * files reach their weights through the functions here, so every method works on every architecture.
 */
import type { Value } from '../graph/graph.ts'
import { add, gather, matMul } from '../graph/ops.ts'
import type { Layout, LearnedKeys } from './layout.ts'

export interface ModelHooks {
  /** The weight of this Hugging Face name. Asked once or more; must give the same value each time. */
  weight(name: string): Value
  /** What a method makes of a linear layer: x [tokens, in], y = W x + b [tokens, out], W [out, in]. Default: y. */
  linear?(path: string, x: Value, y: Value, weight: Value): Value
  /** What goes into a linear layer, [tokens, in]. Default: x. */
  input?(path: string, x: Value): Value
  /** Embeddings [tokens, hidden] of the tokens, of which ids from the vocabulary's size on are a method's own. */
  embed?(tokens: Value, embedding: Value): Value
  /** Keys and values in front of every sequence. Default: none. */
  prefix?(layer: number): LearnedKeys | undefined
}

/** The embeddings of the layout's tokens. @returns [tokens, hidden] */
export function embeddings(layout: Layout, hooks: ModelHooks, name: string): Value {
  const table = hooks.weight(name)
  return hooks.embed?.(layout.tokens, table) ?? gather(table, layout.tokens)
}

/** W x + b of a linear layer whose weight is stored [out, in], as a method changes it. `x` is [tokens, in]. */
export function linear(hooks: ModelHooks, path: string, x: Value, hasBias: boolean): Value {
  const input = hooks.input?.(path, x) ?? x
  const weight = hooks.weight(`${path}.weight`)
  const product = matMul(input, weight, { transB: true })
  const y = hasBias ? add(product, hooks.weight(`${path}.bias`)) : product
  return hooks.linear?.(path, input, y, weight) ?? y
}
