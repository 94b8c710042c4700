/**
 * From Hugging Face's `config.json` to the few numbers that define a model's mathematics.
 *
 * Nothing is silently defaulted: every field is handled, or listed as irrelevant to the mathematics, or allowed
 * only at the one value that changes nothing; any other field is an error that names it. The few fields
 * that were added to the format after the first models (grouped heads, rope base, ...) may be absent, and
 * then mean what the reference implementation's class takes. Rejected: a permissive reader; a field it skips
 * is a model that is almost right, which nobody notices.
 * Reference: transformers' LlamaConfig and MistralConfig (4.41 to 5), modeling_rope_utils.
 */
import { OppuError } from '../../protocol/errors.ts'

/** Rotary embedding: base and how its frequencies are stretched for longer contexts. */
export type RopeConfig = { readonly theta: number } & (
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalMaxPositions: number
    }
)

export interface LlamaConfig {
  readonly family: 'llama' | 'mistral'
  readonly vocabSize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layers: number
  readonly heads: number
  /** Grouped-query attention: `heads` is a multiple of it. */
  readonly kvHeads: number
  readonly headDim: number
  readonly maxPositions: number
  readonly rmsNormEps: number
  readonly rope: RopeConfig
  /** A query sees this many tokens at most, itself included; undefined: all before it. */
  readonly slidingWindow: number | undefined
  /** The output head is the embedding. */
  readonly tiedHead: boolean
  /** q, k, v and o have a bias. */
  readonly attentionBias: boolean
  /** gate, up and down have a bias. */
  readonly mlpBias: boolean
  /** Standard deviation of freshly made weights. */
  readonly initializerRange: number
}

/** One family so far; a union when there are more. */
export type ModelConfig = LlamaConfig

/** Far beyond any real model; a file that claims more would have us list its weights for hours. */
const MAX_LAYERS = 4096

/** Which architectures we compute, by `model_type`. */
const ARCHITECTURES = { llama: 'LlamaForCausalLM', mistral: 'MistralForCausalLM' } as const

/** Fields that cannot change a logit: bookkeeping, training-only regularisers, and what others read (tokens' ids). */
const IRRELEVANT = new Set([
  'architectures',
  'model_type',
  'transformers_version',
  '_name_or_path',
  'name_or_path',
  'torch_dtype',
  'dtype',
  'use_cache',
  'pretraining_tp',
  'attention_dropout',
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'is_llama_config',
  'output_attentions',
  'output_hidden_states',
  'return_dict',
  'tokenizer_class',
  'unsloth_fixed',
  'unsloth_version',
  'transformers.js_config',
  '_attn_implementation_autoset',
  '_flash_attn_2_enabled',
  'id2label',
  'label2id',
  'problem_type',
  'task_specific_params',
  'prefix',
  'torchscript',
  'use_bfloat16',
  'language',
  'license',
  'chunk_size_feed_forward',
])

/** Fields that change the mathematics, but not at this value (null is always such a value). */
const NEUTRAL: Readonly<Record<string, unknown>> = {
  rope_interleaved: false,
  quantization_config: null,
  auto_map: null,
  partial_rotary_factor: 1,
  logit_scale: 1,
  final_logit_softcapping: null,
  attn_logit_softcapping: null,
  embedding_multiplier: 1,
  residual_multiplier: 1,
  attention_multiplier: null,
  is_decoder: true,
  is_encoder_decoder: false,
  add_cross_attention: false,
  cross_attention_hidden_size: null,
  tie_encoder_decoder: false,
  pruned_heads: null,
  layer_types: null,
  use_sliding_window: false,
}

/**
 * Parses a model's `config.json`.
 * @throws OppuError UNSUPPORTED_ARCHITECTURE naming the field that we do not handle, INVALID_DATA where a field
 *   that must be there is not, or is no sensible number.
 */
export function parseModelConfig(json: unknown): ModelConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('it is not an object')
  const fields = new Fields(json as Record<string, unknown>)
  const family = parseFamily(fields)
  const activation = fields.take('hidden_act')
  if (activation !== 'silu') throw unsupported('hidden_act', activation)
  const hiddenSize = fields.count('hidden_size')
  const heads = fields.count('num_attention_heads')
  const config: LlamaConfig = {
    family,
    vocabSize: fields.count('vocab_size'),
    hiddenSize,
    intermediateSize: fields.count('intermediate_size'),
    layers: fields.count('num_hidden_layers', undefined, MAX_LAYERS),
    heads,
    kvHeads: fields.count('num_key_value_heads', family === 'mistral' ? 8 : heads),
    headDim: fields.count('head_dim', hiddenSize / heads),
    maxPositions: fields.count('max_position_embeddings'),
    rmsNormEps: fields.positive('rms_norm_eps'),
    rope: parseRope(fields),
    slidingWindow: family === 'mistral' ? parseWindow(fields) : undefined,
    tiedHead: fields.flag('tie_word_embeddings'),
    attentionBias: fields.flag('attention_bias'),
    mlpBias: fields.flag('mlp_bias'),
    initializerRange: fields.positive('initializer_range', 0.02),
  }
  fields.refuseRest()
  if (config.heads % config.kvHeads !== 0)
    throw invalid(`num_attention_heads ${heads} is no multiple of num_key_value_heads ${config.kvHeads}`)
  if (config.headDim % 2 !== 0)
    throw invalid(`head_dim ${config.headDim} is odd, so it cannot be rotated in pairs`)
  return config
}

function parseFamily(fields: Fields): LlamaConfig['family'] {
  const type = fields.take('model_type')
  if (typeof type !== 'string' || !Object.hasOwn(ARCHITECTURES, type)) throw unsupported('model_type', type)
  const family = type as LlamaConfig['family']
  const architectures = fields.take('architectures')
  const names: readonly unknown[] = Array.isArray(architectures) ? architectures : [ARCHITECTURES[family]]
  if (!names.every(name => name === ARCHITECTURES[family])) throw unsupported('architectures', architectures)
  return family
}

/** Absent means 4096, as in the reference's class; null means none. */
function parseWindow(fields: Fields): number | undefined {
  return fields.has('sliding_window') && fields.take('sliding_window') === null
    ? undefined
    : fields.count('sliding_window', 4096)
}

/** `rope_theta` + `rope_scaling` (transformers 4) or both in `rope_parameters` (transformers 5). */
function parseRope(fields: Fields): RopeConfig {
  const section = ['rope_parameters', 'rope_scaling'].find(
    name => (fields.take(name) ?? undefined) !== undefined,
  )
  const scaling = new Fields(
    section === undefined ? {} : (fields.take(section) as Record<string, unknown>),
    `${section}.`,
  )
  const theta = scaling.has('rope_theta')
    ? scaling.positive('rope_theta')
    : fields.positive('rope_theta', 10000)
  fields.take('rope_theta')
  const type =
    scaling.take('rope_type') ??
    scaling.take('type') ??
    (section === undefined || section === 'rope_parameters' ? 'default' : undefined)
  scaling.take('type')
  const rope = ((): RopeConfig => {
    switch (type) {
      case 'default':
        return { type: 'default', theta }
      case 'linear':
        return { type: 'linear', theta, factor: scaling.positive('factor') }
      case 'llama3':
        return {
          type: 'llama3',
          theta,
          factor: scaling.positive('factor'),
          lowFrequencyFactor: scaling.positive('low_freq_factor'),
          highFrequencyFactor: scaling.positive('high_freq_factor'),
          originalMaxPositions: scaling.count('original_max_position_embeddings'),
        }
      default:
        throw unsupported(`${section}.rope_type`, type)
    }
  })()
  scaling.refuseRest()
  return rope
}

/** Reads fields and remembers which were read, so that the rest can be refused. */
class Fields {
  readonly #json: Readonly<Record<string, unknown>>
  readonly #prefix: string
  readonly #taken = new Set<string>()

  constructor(json: unknown, prefix = '') {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw invalid(`${prefix.slice(0, -1)} is not an object`)
    this.#json = json as Record<string, unknown>
    this.#prefix = prefix
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#json, name)
  }

  take(name: string): unknown {
    this.#taken.add(name)
    return this.has(name) ? this.#json[name] : undefined
  }

  positive(name: string, absent?: number): number {
    const value = this.take(name) ?? absent
    if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value))
      throw invalid(`${this.#prefix}${name} is ${text(value)}, not a positive number`)
    return value
  }

  count(name: string, absent?: number, maximum = 2 ** 31): number {
    const value = this.positive(name, absent)
    if (!Number.isSafeInteger(value) || value > maximum)
      throw invalid(`${this.#prefix}${name} is ${value}, not a sensible count`)
    return value
  }

  flag(name: string): boolean {
    const value = this.take(name) ?? false
    if (typeof value !== 'boolean')
      throw invalid(`${this.#prefix}${name} is ${text(value)}, neither true nor false`)
    return value
  }

  refuseRest(): void {
    for (const [name, value] of Object.entries(this.#json)) {
      if (this.#taken.has(name) || IRRELEVANT.has(name) || value === null) continue
      const neutral = Object.hasOwn(NEUTRAL, name) && (NEUTRAL[name] === value || isEmpty(value))
      if (!neutral) throw unsupported(`${this.#prefix}${name}`, value)
    }
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function text(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value)
}

function invalid(detail: string): OppuError {
  return new OppuError('INVALID_DATA', `bad model configuration: ${detail}`)
}

function unsupported(field: string, value: unknown): OppuError {
  return new OppuError(
    'UNSUPPORTED_ARCHITECTURE',
    `this model's ${field} is ${text(value)}, which is not supported`,
  )
}
