/**
 * What a low-rank adapter is configured by, and its fields of PEFT's `adapter_config.json`, both ways: LoRA, LoRA with
 * rank-stabilised scaling (Kalajdzievski, arXiv 2312.03732) and DoRA, which PEFT counts as LoRA.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { ModelConfig } from '../model/config.ts'
import { isConv1d } from '../model/weights.ts'
import {
  countOf,
  demandLayout,
  encodePeftConfig,
  flagOf,
  numberOf,
  type OtherFields,
  type PeftFields,
  refuseOthers,
  shown,
} from './peft-config.ts'
import { targetsOf } from './targets.ts'

export interface LoraConfig {
  readonly method: 'lora' | 'dora'
  readonly rank: number
  readonly alpha: number
  readonly dropout: number
  readonly targets: readonly string[]
  /** Scale by alpha / sqrt(rank) in place of alpha / rank. */
  readonly rankStabilized: boolean
}

/** The factor on B A x. */
export function loraScaling({
  alpha,
  rank,
  rankStabilized,
}: Pick<LoraConfig, 'alpha' | 'rank' | 'rankStabilized'>): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank)
}

/** Ways to begin that leave the base as it is. Others (PiSSA, OLoRA, CorDA, LoftQ) take their start out of its weights. */
const INITIAL: ReadonlySet<unknown> = new Set([true, false, 'gaussian', 'orthogonal', 'eva'])

const MAX_RANK = 2 ** 20
/** The largest factor that is taken, in size; real ones are below a thousand. */
const MAX_ALPHA = 1e6

const TAKEN = [
  'r',
  'lora_alpha',
  'lora_dropout',
  'target_modules',
  'use_rslora',
  'use_dora',
  'fan_in_fan_out',
  'init_lora_weights',
]

const OTHERS: OtherFields = {
  irrelevant: [
    'eva_config',
    'runtime_config',
    'megatron_config',
    'megatron_core',
    'layers_pattern',
    'qalora_group_size',
    'ensure_weight_tying',
  ],
  neutral: {
    bias: 'none',
    lora_bias: false,
    use_qalora: false,
    use_bdlora: false,
  },
}

/** The file PEFT expects; `base` is what it shows as the base's name. */
export function encodeLoraConfig(config: LoraConfig, model: ModelConfig, base: string): Uint8Array {
  return encodePeftConfig('LORA', base, {
    alpha_pattern: {},
    bias: 'none',
    fan_in_fan_out: isConv1d(model),
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    modules_to_save: null,
    r: config.rank,
    rank_pattern: {},
    target_modules: config.targets,
    use_dora: config.method === 'dora',
    use_rslora: config.rankStabilized,
  })
}

/** @throws OppuError CORRUPT_ADAPTER, INVALID_DATA */
export function readLoraConfig(fields: PeftFields, model: ModelConfig): LoraConfig {
  const { init_lora_weights: initial = true } = fields
  if (!INITIAL.has(initial))
    throw new OppuError(
      'INVALID_DATA',
      `the adapter's init_lora_weights is ${shown(initial)}, which changes the base too and is not supported`,
    )
  demandLayout(fields, model)
  refuseOthers(fields, TAKEN, OTHERS)
  return {
    method: flagOf(fields, 'use_dora') ? 'dora' : 'lora',
    rank: countOf(fields, 'r', MAX_RANK),
    alpha: numberOf(fields, 'lora_alpha', Number.MIN_VALUE, { maximum: MAX_ALPHA }),
    dropout: numberOf(fields, 'lora_dropout', 0, { maximum: 1, absent: 0 }),
    targets: targetsOf(fields, 'target_modules', model),
    rankStabilized: flagOf(fields, 'use_rslora'),
  }
}
