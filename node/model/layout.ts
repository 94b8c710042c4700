/**
 * How the tokens of a pass lie, and which of them attend to which: what an architecture file leaves to its caller.
 *
 * Training and scoring pack many sequences into one list (`packedLayout`); generation reads one sequence piece by piece
 * and keeps keys and values (`generate/kv-cache.ts`).
 */
import type { Graph, Value } from '../graph/graph.ts'
import { gather } from '../graph/ops.ts'
import { type AttentionOptions, attendSequences } from './attention.ts'
import { type BatchInputs, batchInputs } from './batch.ts'

/** Keys and values in front of every sequence, [virtual, kvHeads, headDim] each. */
export interface LearnedKeys {
  readonly keys: Value
  readonly values: Value
}

export interface Layout {
  readonly tokens: Value // int64 [tokens]
  readonly positions: Value // int64 [tokens]
  /**
   * Attention of every token over those before it in its sequence, in one layer.
   * @param q [tokens, heads, headDim]; k, v [tokens, kvHeads, headDim], rotated where they must be
   * @returns [tokens, heads*headDim]
   */
  attend(
    layer: number,
    q: Value,
    k: Value,
    v: Value,
    options: AttentionOptions,
    learned: LearnedKeys | undefined,
  ): Value
  /** The rows of `x` [tokens, width] whose hidden state is asked for: after the last attention, others need no more work. */
  keep(x: Value): Value
}

/** The layout of a `Batch`; adds its inputs to the graph. What is kept are the labels' places. */
export function packedLayout(graph: Graph): Layout & { readonly inputs: BatchInputs } {
  const inputs = batchInputs(graph)
  return {
    inputs,
    tokens: inputs.tokens,
    positions: inputs.positions,
    attend: (_layer, q, k, v, options, learned) => attendSequences(inputs, q, k, v, options, learned),
    keep: x => gather(x, inputs.labelRows),
  }
}
