/**
 * Reading a model's `config.json` strictly: every field is handled, or listed as irrelevant to the mathematics, or
 * allowed only at the one value that changes nothing; any other field is an error that names it.
 *
 * Which fields a family has is its own file's matter. Rejected: a permissive reader; a field it skips is a model that
 * is almost right, which nobody notices.
 * Reference: transformers' configuration classes (4.41 to 5).
 */
import { OppuError } from '../../protocol/errors.ts'

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
  'cache_implementation',
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
  attention_bias: false,
  mlp_bias: false,
  use_sliding_window: false,
  use_bidirectional_attention: false,
  use_mrope: false,
}

/** Reads fields and remembers which were read, so that the rest can be refused. */
export class Fields {
  readonly #json: Readonly<Record<string, unknown>>
  readonly #prefix: string
  readonly #taken = new Set<string>()

  constructor(json: unknown, prefix = '') {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw invalidConfig(prefix === '' ? 'it is not an object' : `${prefix.slice(0, -1)} is not an object`)
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

  /** The fields of the object under this name; undefined where it is absent or null. */
  section(name: string): Fields | undefined {
    const value = this.take(name) ?? undefined
    return value === undefined ? undefined : new Fields(value, `${this.#prefix}${name}.`)
  }

  positive(name: string, absent?: number): number {
    const value = this.take(name) ?? absent
    if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value))
      throw invalidConfig(`${this.#prefix}${name} is ${text(value)}, not a positive number`)
    return value
  }

  count(name: string, absent?: number, maximum = 2 ** 31): number {
    const value = this.positive(name, absent)
    if (!Number.isSafeInteger(value) || value > maximum)
      throw invalidConfig(`${this.#prefix}${name} is ${value}, not a sensible count`)
    return value
  }

  flag(name: string, absent = false): boolean {
    const value = this.take(name) ?? absent
    if (typeof value !== 'boolean')
      throw invalidConfig(`${this.#prefix}${name} is ${text(value)}, neither true nor false`)
    return value
  }

  /** A list of this many positive numbers. */
  numbers(name: string, length: number): readonly number[] {
    const value = this.take(name)
    const fits = Array.isArray(value) && value.length === length
    if (!fits || !value.every(each => typeof each === 'number' && each > 0 && Number.isFinite(each)))
      throw invalidConfig(`${this.#prefix}${name} is no list of ${length} positive numbers`)
    return value
  }

  /** One of the values that are supported. */
  only<T extends string>(name: string, values: readonly T[], absent?: T): T {
    const value = this.take(name) ?? absent
    const known = values.find(each => each === value)
    if (known === undefined) throw this.unsupported(name, value)
    return known
  }

  unsupported(name: string, value: unknown): OppuError {
    return new OppuError(
      'UNSUPPORTED_ARCHITECTURE',
      `this model's ${this.#prefix}${name} is ${text(value)}, which is not supported`,
    )
  }

  /** @throws OppuError UNSUPPORTED_ARCHITECTURE naming the first field that nobody took; `irrelevant` adds names to pass over. */
  refuseRest(irrelevant: readonly string[] = []): void {
    for (const [name, value] of Object.entries(this.#json)) {
      if (this.#taken.has(name) || IRRELEVANT.has(name) || irrelevant.includes(name) || value === null)
        continue
      const neutral = Object.hasOwn(NEUTRAL, name) && (NEUTRAL[name] === value || isEmpty(value))
      if (!neutral) throw this.unsupported(name, value)
    }
  }
}

export function invalidConfig(detail: string): OppuError {
  return new OppuError('INVALID_DATA', `bad model configuration: ${detail}`)
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function text(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value)
}
