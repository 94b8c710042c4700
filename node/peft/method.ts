/**
 * What a method of training is to the rest: which parameters it has, how they start, what they do to the model's
 * graph, and the files they become. The trainer knows no method by name; a new one is a file beside `lora.ts` and a
 * line in `index.ts`. What becomes of an adapter afterwards is `adapter.ts`'s.
 */
import type { BaseId } from '../../protocol/ids.ts'
import type { Schema } from '../../protocol/schema.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import type { ModelHooks } from '../model/hooks.ts'
import type { Random } from '../model/random.ts'
import type { WeightFile } from '../model/weights.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import type { Front } from './front.ts'

export type Shapes = ReadonlyMap<string, readonly number[]>
export type Tensors = ReadonlyMap<string, Float32Array>

/** What a method may do to a model: all but its weights. */
export type MethodHooks = Omit<ModelHooks, 'weight'>

export interface Method {
  /** False where the result is a base of its own, which no session can put on top of another. */
  readonly isAdapter: boolean
  /** Its options, with defaults and help. */
  readonly schema: Schema
  /** The highest learning rate, unless another is asked for. What each was chosen by: test/bench/README.md. */
  readonly learningRate: number
  /**
   * Checks the options and binds them to a model; the tokenizer is for options that are text.
   * @throws OppuError UNKNOWN_CONFIGURATION, INVALID_ARGUMENT
   */
  prepare(options: unknown, model: ModelConfig, tokenizer?: Pick<Tokenizer, 'encode'>): PreparedMethod
}

export interface PreparedMethod {
  /** All options, defaults filled in: goes into the adapter's manifest. */
  readonly options: Readonly<Record<string, string | number | readonly string[]>>
  /** The parameters by the names they have in the adapter's file. */
  readonly shapes: Shapes
  /** What every sequence that is trained on must have in front. */
  readonly front: Front
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
  readonly hooks: MethodHooks
  /** Random inputs of one training pass (dropout masks), drawn from `random`; without it, those that change nothing. */
  noise(sizes: PassSizes, random: Random | undefined): Record<string, Tensor>
}

/** How many tokens and labels a pass has. */
export interface PassSizes {
  readonly tokens: number
  readonly labels: number
}

/** An input for each parameter, under its name. */
export function parameterInputs(graph: Graph, shapes: Shapes): Map<string, Value> {
  return new Map([...shapes].map(([name, shape]) => [name, graph.input(name, 'float32', shape)]))
}

export function noNoise(): Record<string, Tensor> {
  return {}
}
