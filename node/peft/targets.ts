/**
 * Which linear layers a method works on: names as PEFT has them in `target_modules`, each a layer's own name or a longer
 * ending of its path (`mlp.c_proj`), checked against the base's architecture.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { Field } from '../../protocol/schema.ts'
import type { ModelConfig } from '../model/config.ts'
import { isTargeted, layerPath, linearLayers } from '../model/weights.ts'
import { type PeftFields, shown } from './peft-config.ts'

/** One linear layer: `model.layers.0.self_attn.q_proj`, and [out, in]. */
export interface TargetLayer {
  readonly path: string
  readonly shape: readonly [number, number]
}

/** Every layer of the model that these targets name, from the first decoder layer to the last, each once. */
export function targetLayers(model: ModelConfig, targets: readonly string[]): TargetLayer[] {
  const chosen = linearLayers(model).filter(layer => targets.some(target => isTargeted(layer, target)))
  return Array.from({ length: model.layers }, (_, index) =>
    chosen.map(
      ({ path, out, in: width }): TargetLayer => ({
        path: `${layerPath(model, index)}.${path}`,
        shape: [out, width],
      }),
    ),
  ).flat()
}

/** What these targets name within a decoder layer, in full (`self_attn.q_proj`): the same layers, the same text. */
export function targetPlaces(model: ModelConfig, targets: readonly string[]): string[] {
  return linearLayers(model)
    .filter(layer => targets.some(target => isTargeted(layer, target)))
    .map(({ path }) => path)
}

/** An option that names linear layers; an empty default stands for what fits the base's architecture. */
export function targetsField(description: string): Field<readonly string[]> {
  return {
    default: [],
    description,
    expects: 'names of linear layers such as q_proj,v_proj',
    parse(value) {
      const words: unknown = typeof value === 'string' ? value.split(',').map(word => word.trim()) : value
      if (!Array.isArray(words)) return undefined
      return words.every(word => typeof word === 'string' && word !== '') ? words : undefined
    },
  }
}

/** The targets that an option names, in the model's order. @throws OppuError INVALID_ARGUMENT for a layer it lacks. */
export function chosenTargets(
  model: ModelConfig,
  option: string,
  chosen: readonly string[],
  byDefault: readonly string[],
): readonly string[] {
  const targets = chosen.length === 0 ? byDefault : chosen
  const unknown = targets.find(target => !isTarget(model, target))
  if (unknown !== undefined)
    throw new OppuError(
      'INVALID_ARGUMENT',
      `${option} names ${shown(unknown)}, which this base does not have; it has ${ownNames(model).join(', ')}`,
    )
  return ordered(model, targets)
}

/**
 * The targets that a field of PEFT's file names: a list of names, or text, a pattern. Of patterns only PEFT's own
 * `all-linear` is known.
 * @throws OppuError INVALID_DATA
 */
export function targetsOf(fields: PeftFields, name: string, model: ModelConfig): readonly string[] {
  const targets = fields[name]
  if (targets === 'all-linear') return ordered(model, ownNames(model))
  if (!Array.isArray(targets) || targets.length === 0)
    throw new OppuError('INVALID_DATA', `the adapter's ${name} are ${shown(targets)}, not a list of names`)
  const unknown: unknown = targets.find(target => !isTarget(model, target))
  if (unknown !== undefined)
    throw new OppuError(
      'INVALID_DATA',
      `the adapter's ${name} name ${shown(unknown)}, which this architecture does not have`,
    )
  return ordered(model, targets as string[])
}

function isTarget(model: ModelConfig, target: unknown): boolean {
  return typeof target === 'string' && linearLayers(model).some(layer => isTargeted(layer, target))
}

/** The last parts of the linear layers' paths, each once. */
function ownNames(model: ModelConfig): string[] {
  return [...new Set(linearLayers(model).map(({ path }) => path.slice(path.lastIndexOf('.') + 1)))]
}

function ordered(model: ModelConfig, targets: readonly string[]): string[] {
  const layers = linearLayers(model)
  const placeOf = (target: string) => layers.findIndex(layer => isTargeted(layer, target))
  return [...new Set(targets)].sort((a, b) => placeOf(a) - placeOf(b))
}
