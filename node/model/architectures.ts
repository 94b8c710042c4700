/** The architectures that we compute, by `model_type`; GGUF's names for them are in `base/gguf-architectures.ts`. */
import type { Value } from '../graph/graph.ts'
import type { Architecture } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import { gemma3 } from './gemma3.ts'
import { gpt2 } from './gpt2.ts'
import type { ModelHooks } from './hooks.ts'
import type { Layout } from './layout.ts'
import { llama } from './llama.ts'
import { phi3 } from './phi3.ts'
import { qwen2 } from './qwen2.ts'
import { qwen3 } from './qwen3.ts'

export const architectures = {
  llama,
  mistral: { ...llama, className: 'MistralForCausalLM' },
  qwen2,
  qwen3,
  gemma3_text: gemma3,
  gpt2,
  phi3,
} as const

export type Family = keyof typeof architectures

/** The architecture that made this configuration, which therefore takes it. */
export function architectureOf({ family }: { readonly family: Family }): Architecture<ModelConfig> {
  return architectures[family] as Architecture<ModelConfig>
}

/** The forward pass: hidden states after the last norm, of the tokens that the layout keeps. @returns [kept, hidden] */
export function hiddenStates(config: ModelConfig, layout: Layout, hooks: ModelHooks): Value {
  return architectureOf(config).forward(config, layout, hooks)
}

/** The matrix that turns hidden states into logits. @returns [vocab, hidden] */
export function headWeight(config: ModelConfig, hooks: ModelHooks): Value {
  return hooks.weight(config.tiedHead ? architectureOf(config).embedding : 'lm_head.weight')
}
