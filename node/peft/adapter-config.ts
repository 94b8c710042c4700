/**
 * `adapter_config.json` of Hugging Face PEFT for LoRA, both ways.
 *
 * As with a base's configuration, nothing is skipped: a field that would change the mathematics and is not at
 * its neutral value is refused by name, so that an adapter of a newer PEFT is never computed almost right.
 * Reference: peft's LoraConfig (0.10 to 0.17).
 */
import { OppuError } from '../../protocol/errors.ts'
import { LINEAR_MODULES, type LinearModule } from '../model/weights.ts'

export interface LoraConfig {
  readonly rank: number
  readonly alpha: number
  readonly dropout: number
  readonly targets: readonly LinearModule[]
  /** Scale by alpha / sqrt(rank) in place of alpha / rank. */
  readonly rankStabilized: boolean
}

/** The factor on B A x. */
export function loraScaling({ alpha, rank, rankStabilized }: LoraConfig): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank)
}

/** Says nothing about the product at inference. */
const IRRELEVANT = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  'revision',
  'task_type',
  'peft_version',
  'eva_config',
  'runtime_config',
  'megatron_config',
  'megatron_core',
  'layers_pattern',
  'qalora_group_size',
  'ensure_weight_tying',
])

/** Ways to begin that leave the base as it is. Others (PiSSA, OLoRA, CorDA, LoftQ) take their start out of its weights. */
const INITIAL: ReadonlySet<unknown> = new Set([true, false, 'gaussian', 'orthogonal', 'eva'])

/** The largest factor that is taken, in size; real ones are below a thousand. */
const MAX_ALPHA = 1e6

/** What PEFT writes for a plain LoRA, and the only values we take. Empty lists and objects count as null. */
const NEUTRAL: Readonly<Record<string, unknown>> = {
  loftq_config: null,
  corda_config: null,
  bias: 'none',
  fan_in_fan_out: false,
  layers_to_transform: null,
  layer_replication: null,
  modules_to_save: null,
  rank_pattern: null,
  alpha_pattern: null,
  use_dora: false,
  lora_bias: false,
  exclude_modules: null,
  trainable_token_indices: null,
  use_qalora: false,
  target_parameters: null,
  arrow_config: null,
  alora_invocation_tokens: null,
}

/** The file PEFT expects; `base` is what it shows as the base's name. */
export function encodeAdapterConfig(config: LoraConfig, base: string): Uint8Array {
  const fields = {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: base,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.rank,
    rank_pattern: {},
    revision: null,
    target_modules: config.targets,
    task_type: 'CAUSAL_LM',
    use_rslora: config.rankStabilized,
  }
  return new TextEncoder().encode(`${JSON.stringify(fields, undefined, 2)}\n`)
}

/** @throws OppuError CORRUPT_ADAPTER (not JSON, or a field of the wrong kind), INVALID_DATA (a kind of adapter we do not compute). */
export function decodeAdapterConfig(bytes: Uint8Array): LoraConfig {
  let fields: unknown
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new OppuError('CORRUPT_ADAPTER', 'adapter_config.json is not JSON', { cause })
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new OppuError('CORRUPT_ADAPTER', 'adapter_config.json is not an object')
  const {
    peft_type: type,
    r,
    lora_alpha: alpha,
    lora_dropout: dropout = 0,
    target_modules: targets,
    use_rslora: rs = false,
    init_lora_weights: initial = true,
    ...rest
  } = fields as Record<string, unknown>
  if (type !== 'LORA')
    throw new OppuError('INVALID_DATA', `adapters of type ${shown(type)} are not supported`)
  if (!INITIAL.has(initial))
    throw new OppuError(
      'INVALID_DATA',
      `the adapter's init_lora_weights is ${shown(initial)}, which changes the base too and is not supported`,
    )
  if (typeof rs !== 'boolean')
    throw new OppuError('CORRUPT_ADAPTER', `the adapter's use_rslora is ${shown(rs)}`)
  for (const [name, value] of Object.entries(rest)) {
    if (IRRELEVANT.has(name) || isNothing(value)) continue
    if (!Object.hasOwn(NEUTRAL, name) || NEUTRAL[name] !== value) {
      throw new OppuError('INVALID_DATA', `the adapter's ${name} is ${shown(value)}, which is not supported`)
    }
  }
  return {
    rank: numberOf('r', r, 1),
    alpha: numberOf('lora_alpha', alpha, Number.MIN_VALUE, MAX_ALPHA),
    dropout: numberOf('lora_dropout', dropout, 0, 1),
    targets: modulesOf(targets),
    rankStabilized: rs,
  }
}

/** PEFT takes a list of names, or text: a pattern. Of patterns only its own `all-linear` is known. */
function modulesOf(targets: unknown): LinearModule[] {
  const all = Object.keys(LINEAR_MODULES) as LinearModule[]
  if (targets === 'all-linear') return all
  if (!Array.isArray(targets) || targets.length === 0)
    throw new OppuError(
      'INVALID_DATA',
      `the adapter's target_modules are ${shown(targets)}, not a list of names`,
    )
  const unknown: unknown = targets.find(name => !all.some(module => module === name))
  if (unknown !== undefined)
    throw new OppuError(
      'INVALID_DATA',
      `the adapter's target_modules name ${shown(unknown)}, which this architecture does not have`,
    )
  return all.filter(module => targets.includes(module))
}

function numberOf(name: string, value: unknown, minimum: number, maximum = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum))
    throw new OppuError('CORRUPT_ADAPTER', `the adapter's ${name} is ${shown(value)}`)
  return value
}

/** The beginning of a value from outside, for a message. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 80)
}

function isNothing(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value as object).length === 0)
}
