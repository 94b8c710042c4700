/**
 * What a method of training is to the rest: which parameters it has, how they start, what they do to the model's
 * graph, and the files they become. The trainer knows no method by name; a new one is a file beside `lora.ts` and a
 * line in `index.ts`.
 */
import type { BaseId } from '../../protocol/ids.ts'
import type { Schema } from '../../protocol/schema.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import type { ModelHooks } from '../model/hooks.ts'
import type { Random } from '../model/random.ts'
import type { WeightFile } from '../model/weights.ts'

export type Shapes = ReadonlyMap<string, readonly number[]>
export type Tensors = ReadonlyMap<string, Float32Array>

export interface Method {
  /** False where the result is a base of its own, which no session can put on top of another. */
  readonly isAdapter: boolean
  /** Its options, with defaults and help. */
  readonly schema: Schema
  /** Checks the options and binds them to a model. @throws OppuError UNKNOWN_CONFIGURATION, INVALID_ARGUMENT */
  prepare(options: unknown, model: ModelConfig): PreparedMethod
}

export interface PreparedMethod {
  /** All options, defaults filled in: goes into the adapter's manifest. */
  readonly options: Readonly<Record<string, string | number | readonly string[]>>
  /** The parameters by the names they have in the adapter's file. */
  readonly shapes: Shapes
  /** Values before the first step. Reads weights only where the method starts from them. */
  initial(seed: number, weights: WeightFile): Promise<Map<string, Float32Array>>
  /** Adds the parameters to a training graph as inputs named like them. Called once per graph. */
  attach(graph: Graph): Attached
  /** The adapter's files: one configuration and one safetensors file, bound to the base. */
  files(parameters: Tensors, baseId: BaseId): Map<string, Uint8Array>
}

export interface Attached {
  readonly parameters: ReadonlyMap<string, Value>
  /** The weights that the method replaces, by name. All others are frozen. */
  readonly weights: ReadonlyMap<string, Value>
  readonly linear?: ModelHooks['linear']
  /** Random inputs of one training pass (dropout masks), drawn from `random`; without it, those that change nothing. */
  noise(sizes: PassSizes, random: Random | undefined): Record<string, Tensor>
}

/** How many tokens and labels a pass has. */
export interface PassSizes {
  readonly tokens: number
  readonly labels: number
}
