/** Which layers see only the tokens nearest to them. */
import type { AttentionOptions } from './attention.ts'
import { type Fields, invalidConfig } from './fields.ts'

/** For each layer, how many tokens a query sees at most, itself included; undefined: all before it. */
export type Windows = readonly (number | undefined)[]

/** By `layer_types`, where the configuration has it; else `isLocal` says which layers have the window. */
export function parseWindows(
  fields: Fields,
  layers: number,
  window: number | undefined,
  isLocal: (layer: number) => boolean,
): Windows {
  const types = fields.take('layer_types') ?? undefined
  if (types === undefined)
    return Array.from({ length: layers }, (_, layer) => (isLocal(layer) ? window : undefined))
  if (!Array.isArray(types) || types.length !== layers)
    throw invalidConfig(`layer_types is no list of ${layers} entries`)
  return types.map((type: unknown) => {
    if (type === 'full_attention') return undefined
    if (type !== 'sliding_attention') throw fields.unsupported('layer_types', types)
    if (window === undefined)
      throw invalidConfig('layer_types has sliding_attention without a sliding_window')
    return window
  })
}

export function attentionOptions(scale: number, window: number | undefined): AttentionOptions {
  return { scale, ...(window === undefined ? {} : { window }) }
}
