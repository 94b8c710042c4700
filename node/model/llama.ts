/**
 * The Llama family's forward pass (Touvron et al., arXiv 2302.13971; grouped heads: arXiv 2307.09288; Mistral:
 * arXiv 2310.06825), read from top to bottom. It builds graph nodes; it holds no weights and runs nothing.
 *
 * Tokens of all sequences form one list; which of them attend to which is the layout's. Where weights come from and
 * what is added to a layer is the caller's, through hooks: so adapters, full training, scoring and generation share
 * this one file.
 */
import { rmsNorm, swiGlu } from '../graph/composite.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { add, reshape } from '../graph/ops.ts'
import { rotate, rotation } from './attention.ts'
import type { LlamaConfig } from './config.ts'
import { embeddings, linear, type ModelHooks } from './hooks.ts'
import type { Layout } from './layout.ts'
import { hasBias, type LinearModule, linearPath } from './weights.ts'

/** Hidden states after the last norm, of the tokens that the layout keeps. @returns [kept, hidden] */
export function llama(_graph: Graph, config: LlamaConfig, layout: Layout, hooks: ModelHooks): Value {
  const { heads, kvHeads, headDim } = config
  const attention = {
    scale: 1 / Math.sqrt(headDim),
    ...(config.slidingWindow === undefined ? {} : { window: config.slidingWindow }),
  }
  let x = embeddings(layout, hooks, 'model.embed_tokens.weight') // [tokens, hidden]
  const turn = rotation(config.rope, headDim, layout.positions, x.dtype as 'float32' | 'float64')

  for (let layer = 0; layer < config.layers; layer++) {
    const project = (module: LinearModule, input: Value) =>
      linear(hooks, linearPath(layer, module), input, hasBias(config, module))
    const norm = (name: string, input: Value) =>
      rmsNorm(input, hooks.weight(`model.layers.${layer}.${name}.weight`), config.rmsNormEps)

    const a = norm('input_layernorm', x)
    const q = rotate(reshape(project('q_proj', a), [-1, heads, headDim]), turn) // [tokens, heads, headDim]
    const k = rotate(reshape(project('k_proj', a), [-1, kvHeads, headDim]), turn) // [tokens, kvHeads, headDim]
    const v = reshape(project('v_proj', a), [-1, kvHeads, headDim]) // [tokens, kvHeads, headDim]
    let attended = layout.attend(layer, q, k, v, attention, hooks.prefix?.(layer)) // [tokens, heads*headDim]
    if (layer === config.layers - 1) [x, attended] = [layout.keep(x), layout.keep(attended)]
    x = add(x, project('o_proj', attended)) // [tokens, hidden]

    const m = norm('post_attention_layernorm', x)
    const gated = swiGlu(project('gate_proj', m), project('up_proj', m)) // [tokens, intermediate]
    x = add(x, project('down_proj', gated)) // [tokens, hidden]
  }
  return rmsNorm(x, hooks.weight('model.norm.weight'), config.rmsNormEps)
}

/** The matrix that turns hidden states into logits. @returns [vocab, hidden] */
export function headWeight(config: LlamaConfig, hooks: ModelHooks): Value {
  return hooks.weight(config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight')
}
