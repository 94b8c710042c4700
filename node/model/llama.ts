/**
 * The Llama family's forward pass (Touvron et al., arXiv 2302.13971; grouped heads: arXiv 2307.09288; Mistral:
 * arXiv 2310.06825), read from top to bottom. It builds graph nodes; it holds no weights and runs nothing.
 *
 * Tokens of all rows form one list for every linear layer ([batch*seq, ...]); only attention looks at rows. Where
 * weights come from, what is added to a linear layer and what becomes of keys and values is the caller's, through hooks: so
 * adapters, full training, scoring and generation share this one file.
 */
import type { Graph, Value } from '../graph/graph.ts'
import { add, div, gather, matMul, mul, reduceMean, reshape, scalarLike, silu, sqrt } from '../graph/ops.ts'
import { attend, attentionMask, type Places, rotate, rotation } from './attention.ts'
import type { LlamaConfig } from './config.ts'
import { hasBias, type LinearModule, linearPath } from './weights.ts'

export interface LlamaInputs extends Places {
  readonly tokens: Value // int64 [batch, seq]
}

export interface ModelHooks {
  /** The weight of this Hugging Face name. Asked once or more; must give the same value each time. */
  weight(name: string): Value
  /** What a method makes of a linear layer's result: `x` [tokens, in], `y` [tokens, out]. Default: y. */
  linear?(path: string, x: Value, y: Value): Value
  /** Keys and values to attend to, [batch, keys, kvHeads, headDim], given those of these tokens. Default: these. */
  cache?(layer: number, keys: Value, values: Value): { readonly keys: Value; readonly values: Value }
  /** Places of all keys that `cache` gives. Default: the tokens' own. */
  readonly keyPlaces?: Places
}

/** Hidden states after the last norm. @returns [batch*seq, hidden] */
export function llama(graph: Graph, config: LlamaConfig, inputs: LlamaInputs, hooks: ModelHooks): Value {
  const embedding = hooks.weight('model.embed_tokens.weight')
  const dtype = embedding.dtype as 'float32' | 'float64'
  const turn = rotation(graph, config, inputs.positions, dtype)
  const mask = attentionMask(config, inputs, hooks.keyPlaces ?? inputs, dtype)
  const [batch, seq] = inputs.tokens.shape as [string, string]
  const headsOf = (x: Value, heads: number) => reshape(x, [batch, seq, heads, config.headDim])

  let x = reshape(gather(embedding, inputs.tokens), [-1, config.hiddenSize]) // [tokens, hidden]
  for (let layer = 0; layer < config.layers; layer++) {
    const linear = (module: LinearModule, input: Value) => linearLayer(config, hooks, layer, module, input)
    const norm = (name: string) =>
      rmsNorm(x, hooks.weight(`model.layers.${layer}.${name}.weight`), config.rmsNormEps)

    const a = norm('input_layernorm')
    const q = rotate(headsOf(linear('q_proj', a), config.heads), turn) // [batch, seq, heads, headDim]
    const k = rotate(headsOf(linear('k_proj', a), config.kvHeads), turn) // [batch, seq, kvHeads, headDim]
    const v = headsOf(linear('v_proj', a), config.kvHeads) // [batch, seq, kvHeads, headDim]
    const { keys, values } = hooks.cache?.(layer, k, v) ?? { keys: k, values: v }
    x = add(x, linear('o_proj', attend(config, q, keys, values, mask))) // [tokens, hidden]

    const m = norm('post_attention_layernorm')
    const gated = mul(silu(linear('gate_proj', m)), linear('up_proj', m)) // [tokens, intermediate]
    x = add(x, linear('down_proj', gated)) // [tokens, hidden]
  }
  return rmsNorm(x, hooks.weight('model.norm.weight'), config.rmsNormEps)
}

/** The matrix that turns hidden states into logits. @returns [vocab, hidden] */
export function headWeight(config: LlamaConfig, hooks: ModelHooks): Value {
  return hooks.weight(config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight')
}

function linearLayer(
  config: LlamaConfig,
  hooks: ModelHooks,
  layer: number,
  module: LinearModule,
  x: Value,
): Value {
  const path = linearPath(layer, module)
  const product = matMul(x, hooks.weight(`${path}.weight`), { transB: true })
  const y = hasBias(config, module) ? add(product, hooks.weight(`${path}.bias`)) : product
  return hooks.linear?.(path, x, y) ?? y
}

/** x / sqrt(mean(x²) + eps) * w (Zhang and Sennrich, arXiv 1910.07467). */
function rmsNorm(x: Value, weight: Value, eps: number): Value {
  const meanSquare = reduceMean(mul(x, x), [-1], true) // [tokens, 1]
  return mul(div(x, sqrt(add(meanSquare, scalarLike(x, eps)))), weight)
}
