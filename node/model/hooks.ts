/**
 * What a caller puts into an architecture: weights, and what a method of training adds to its layers. Architecture
 * files reach their weights through the functions here, so every method works on every architecture.
 */
import type { Value } from '../graph/graph.ts'
import { add } from '../graph/ops.ts'
import type { Layout, LearnedKeys } from './layout.ts'
import { product, rowsOf } from './quantized-products.ts'

export interface ModelHooks {
  /** The weight of this Hugging Face name. Asked once or more; must give the same value each time. */
  weight(name: string): Value
  /** W x of a linear layer, where its weight is not held as float32. Default: the product with `weight`. */
  product?(path: string, x: Value): Value | undefined
  /** What a method makes of a linear layer: x [tokens, in], y = W x + b [tokens, out], W [out, in]. Default: y. */
  linear?(path: string, x: Value, y: Value, weight: Value, bias: Value | undefined): Value
  /** What goes into a linear layer, [tokens, in]. Default: x. */
  input?(path: string, x: Value): Value
  /**
   * Embeddings [tokens, hidden] where ids from the vocabulary's size on are a method's own; `rows` gives those of real
   * ids, as the architecture scales them. Default: rows(tokens).
   */
  embed?(tokens: Value, rows: (ids: Value) => Value): Value
  /** Keys and values in front of every sequence. Default: none. */
  prefix?(layer: number): LearnedKeys | undefined
}

/** The embeddings of the layout's tokens, scaled where the architecture does so. @returns [tokens, hidden] */
export function embeddings(
  layout: Layout,
  hooks: ModelHooks,
  name: string,
  scaled: (rows: Value) => Value = rows => rows,
): Value {
  const rows = (ids: Value) => scaled(rowsOf(hooks.weight(name), ids))
  return hooks.embed?.(layout.tokens, rows) ?? rows(layout.tokens)
}

/** W x + b of a linear layer whose weight is stored [out, in], as a method changes it. `x` is [tokens, in]. */
export function linear(hooks: ModelHooks, path: string, x: Value, hasBias: boolean): Value {
  const input = hooks.input?.(path, x) ?? x
  const weight = hooks.weight(`${path}.weight`)
  const bias = hasBias ? hooks.weight(`${path}.bias`) : undefined
  const wx = hooks.product?.(path, input) ?? product(input, weight)
  const y = bias === undefined ? wx : add(wx, bias)
  return hooks.linear?.(path, input, y, weight, bias) ?? y
}
