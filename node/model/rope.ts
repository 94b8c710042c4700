/**
 * What a configuration says of rotary embeddings (Su et al., arXiv 2104.09864): the base, and how its frequencies are
 * stretched for longer contexts. How they turn queries and keys is `attention.ts`'s.
 * Reference: transformers' modeling_rope_utils (4.41 to 5).
 */
import type { Fields } from './fields.ts'

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
  | {
      /** LongRoPE (Ding et al., arXiv 2402.13753) within the original context: each frequency has a divisor. */
      readonly type: 'longrope'
      readonly factors: readonly number[]
      /** Of cosines and sines. */
      readonly scale: number
    }
)

/**
 * `rope_theta` + `rope_scaling` (transformers 4) or both in `rope_parameters` (transformers 5); where neither names a
 * base, it is `theta`.
 */
export function parseRope(fields: Fields, theta = 10000): RopeConfig {
  const scaling = fields.section('rope_parameters')
  const old = fields.section('rope_scaling')
  const base = fields.has('rope_theta') ? fields.positive('rope_theta', theta) : theta
  if (scaling !== undefined) return parseScaling(scaling, base, 'default')
  return old === undefined ? { type: 'default', theta: base } : parseScaling(old, base, undefined)
}

/** One section of scaling; `absent` is its type where it names none. @throws OppuError UNSUPPORTED_ARCHITECTURE */
export function parseScaling(scaling: Fields, theta: number, absent: 'default' | undefined): RopeConfig {
  const base = scaling.has('rope_theta') ? scaling.positive('rope_theta') : theta
  const type = scaling.take('rope_type') ?? scaling.take('type') ?? absent
  scaling.take('type')
  const rope = ((): RopeConfig => {
    switch (type) {
      case 'default':
        return { type: 'default', theta: base }
      case 'linear':
        return { type: 'linear', theta: base, factor: scaling.positive('factor') }
      case 'llama3':
        return {
          type: 'llama3',
          theta: base,
          factor: scaling.positive('factor'),
          lowFrequencyFactor: scaling.positive('low_freq_factor'),
          highFrequencyFactor: scaling.positive('high_freq_factor'),
          originalMaxPositions: scaling.count('original_max_position_embeddings'),
        }
      default:
        throw scaling.unsupported('rope_type', type)
    }
  })()
  scaling.refuseRest()
  return rope
}
