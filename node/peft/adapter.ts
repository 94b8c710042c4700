/**
 * What an adapter is once it is made: what its file says, its tensors, and how a session that serves many adapters
 * takes it. Training one is `method.ts`'s.
 *
 * A session is built for adapters of one kind: one method, and the places it works on. Tensors are inputs, so any
 * adapter of that kind, of whatever rank or length, can be fed; and no adapter, which is the base exactly.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import type { RunnableBase } from '../model/runnable.ts'
import { writeSafetensors } from '../model/safetensors.ts'
import type { Ia3Config } from './ia3.ts'
import type { LoraConfig } from './lora-config.ts'
import type { Method, MethodHooks, Shapes, Tensors } from './method.ts'
import type { PeftFields } from './peft-config.ts'
import type { PrefixTuningConfig } from './prefix-tuning.ts'
import type { PromptTuningConfig } from './prompt-tuning.ts'

export type AdapterConfig = LoraConfig | Ia3Config | PromptTuningConfig | PrefixTuningConfig

/** An adapter in memory, ready to be fed. */
export interface LoadedAdapter {
  readonly config: AdapterConfig
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
}

/** A method whose result is an adapter. */
export interface AdapterMethod extends Method {
  readonly isAdapter: true
  /**
   * What PEFT's file says, and the tensors that belong to it.
   * @throws OppuError CORRUPT_ADAPTER, INVALID_DATA for a field that we do not compute, by name
   */
  read(fields: PeftFields, model: ModelConfig): { readonly config: AdapterConfig; readonly shapes: Shapes }
  /** Adds inputs for any adapter of this method that works on these places or some of them. */
  serve(graph: Graph, base: ServedBase, places: readonly string[]): Served
}

export type ServedBase = Pick<RunnableBase, 'config' | 'weights'>

export interface Served {
  readonly hooks: MethodHooks
  /**
   * The inputs that put this adapter on; undefined: that leave the base exactly as it is.
   * @throws TypeError for an adapter of another method, or one that works on a place that this session lacks
   */
  feeds(adapter: LoadedAdapter | undefined): Promise<Record<string, Tensor>>
}

/** A feed of an adapter's tensor. */
export function tensorFeed(shape: readonly number[], data: Float32Array): Tensor {
  return { dtype: 'float32', dims: [...shape], data }
}

/** @throws TypeError: an adapter of another method was given to a session of this one. */
export function wrongMethod(expected: string, config: AdapterConfig): TypeError {
  return new TypeError(`a session of method ${expected} cannot serve an adapter of method ${config.method}`)
}

/** The key of safetensors metadata under which a file remembers its base. */
export const BASE_KEY = 'oppu.base'

/** PEFT's two files. */
export function adapterFiles(
  config: Uint8Array,
  shapes: Shapes,
  tensors: Tensors,
  baseId: string,
): Map<string, Uint8Array> {
  const named = new Map([...shapes].map(([name, shape]) => [name, { shape, data: tensors.get(name)! }]))
  return new Map([
    ['adapter_config.json', config],
    ['adapter_model.safetensors', writeSafetensors(named, { format: 'pt', [BASE_KEY]: baseId })],
  ])
}

/** @throws OppuError CORRUPT_ADAPTER when the tensors are not exactly these, finite and in shape. */
export function checkTensors(shapes: Shapes, tensors: LoadedAdapter['tensors']): void {
  for (const [name, shape] of shapes) {
    const found = tensors.get(name)
    if (found === undefined) throw new OppuError('CORRUPT_ADAPTER', `the adapter lacks ${name}`)
    if (found.shape.join() !== shape.join())
      throw new OppuError('CORRUPT_ADAPTER', `${name} has shape [${found.shape}], not [${shape}]`)
    if (!found.data.every(Number.isFinite))
      throw new OppuError('CORRUPT_ADAPTER', `${name} holds numbers that are not finite`)
  }
  for (const name of tensors.keys())
    if (!shapes.has(name))
      throw new OppuError(
        'CORRUPT_ADAPTER',
        `the adapter has a tensor that its configuration does not: ${name}`,
      )
}
