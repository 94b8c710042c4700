/**
 * From Hugging Face's `config.json` to the few numbers that define a model's mathematics.
 *
 * What every decoder has is here; what a family adds, and how its file is read, stands in the family's own file
 * (`architectures.ts` lists them). Reading is strict, see `fields.ts`. The few fields that were added to the format after
 * the first models (grouped heads, rope base, ...) may be absent, and then mean what the reference's class takes.
 */
import { architectures, type Family } from './architectures.ts'
import { Fields, invalidConfig } from './fields.ts'
import type { Gemma3Config } from './gemma3.ts'
import type { Gpt2Config } from './gpt2.ts'
import type { LlamaConfig } from './llama.ts'
import type { Phi3Config } from './phi3.ts'
import type { Qwen2Config } from './qwen2.ts'
import type { Qwen3Config } from './qwen3.ts'

export type { LlamaConfig } from './llama.ts'
export type { RopeConfig } from './rope.ts'

/** What every family has. */
export interface DecoderConfig {
  readonly family: Family
  readonly vocabSize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layers: number
  readonly heads: number
  /** Grouped-query attention: `heads` is a multiple of it. */
  readonly kvHeads: number
  readonly headDim: number
  readonly maxPositions: number
  /** The output head is the embedding. */
  readonly tiedHead: boolean
  /** Standard deviation of freshly made weights. */
  readonly initializerRange: number
  /** Where there is one, logits become cap * tanh(logits / cap). */
  readonly logitSoftcap?: number | undefined
}

export type ModelConfig = LlamaConfig | Qwen2Config | Qwen3Config | Gemma3Config | Gpt2Config | Phi3Config

/** Far beyond any real model; a file that claims more would have us list its weights for hours. */
const MAX_LAYERS = 4096

/**
 * Parses a model's `config.json`.
 * @throws OppuError UNSUPPORTED_ARCHITECTURE naming the field that we do not handle, INVALID_DATA where a field
 *   that must be there is not, or is no sensible number.
 */
export function parseModelConfig(json: unknown): ModelConfig {
  const fields = new Fields(json)
  const family = parseFamily(fields)
  const { parse, irrelevant } = architectures[family]
  const config = parse(fields, family)
  fields.refuseRest(irrelevant)
  const { layers, heads, kvHeads, headDim } = config
  if (layers > MAX_LAYERS) throw invalidConfig(`the model has ${layers} layers, not a sensible count`)
  if (!Number.isSafeInteger(headDim))
    throw invalidConfig(`the hidden size is no multiple of the number of heads, ${heads}`)
  if (heads % kvHeads !== 0)
    throw invalidConfig(`num_attention_heads ${heads} is no multiple of num_key_value_heads ${kvHeads}`)
  if (headDim % 2 !== 0 && family !== 'gpt2')
    throw invalidConfig(`head_dim ${headDim} is odd, so it cannot be rotated in pairs`)
  return config
}

function parseFamily(fields: Fields): Family {
  const type = fields.take('model_type')
  if (typeof type !== 'string' || !Object.hasOwn(architectures, type))
    throw fields.unsupported('model_type', type)
  const family = type as Family
  const { className } = architectures[family]
  const names = fields.take('architectures') ?? [className]
  if (!Array.isArray(names) || !names.every(name => name === className))
    throw fields.unsupported('architectures', names)
  return family
}
