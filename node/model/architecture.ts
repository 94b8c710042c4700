/**
 * What an architecture is to the rest: how its configuration is read, which weights it has, and its forward pass. Each is
 * one file beside this one, read from top to bottom as its paper; `architectures.ts` is the table of them.
 *
 * Names are Hugging Face's. Matrices of linear layers are [out, in] here whatever the files have (GPT-2's are stored the
 * other way round and turned on import), so that methods and precisions know one layout.
 */
import type { Value } from '../graph/graph.ts'
import type { DecoderConfig } from './config.ts'
import type { Fields } from './fields.ts'
import type { ModelHooks } from './hooks.ts'
import type { Layout } from './layout.ts'

/** A linear layer that every decoder layer has. */
export interface LinearLayer {
  /** Where it stands within a decoder layer: `self_attn.q_proj`. */
  readonly path: string
  readonly out: number
  readonly in: number
  readonly bias: boolean
  /** Its product goes straight into the residual stream. */
  readonly residual?: boolean
}

/** A weight that is not of a linear layer; `initial` is what it is in a new model. */
export interface OtherWeight {
  readonly shape: readonly number[]
  readonly initial: 'normal' | 'ones' | 'zeros'
}

export interface Architecture<Config extends DecoderConfig> {
  /** Its class in Hugging Face's transformers. */
  readonly className: string
  /** Where decoder layer n is: this and `.n`. */
  readonly layers: string
  readonly embedding: string
  /** What embeddings are multiplied with as they are looked up. Default: 1. */
  embeddingScale?(config: Config): number
  /** Hugging Face's files have linear weights as [in, out], and PEFT calls that fan_in_fan_out. */
  readonly conv1d?: boolean
  /** The linear layers that PEFT adapts by default. */
  readonly loraTargets: readonly string[]
  /** The model's own name of a tensor in a file, undefined for what is derived from the configuration. Default: the same. */
  nameOf?(stored: string): string | undefined
  /** Fields of its configuration that do not change a logit, beside those of every model. */
  readonly irrelevant?: readonly string[]
  /** @throws OppuError UNSUPPORTED_ARCHITECTURE naming the field, INVALID_DATA */
  parse(fields: Fields, family: string): Config
  linearLayers(config: Config): readonly LinearLayer[]
  /** Of one decoder layer, by the name within it. */
  layerWeights(config: Config): Readonly<Record<string, OtherWeight>>
  /** Outside of the decoder layers, by full name; not the embedding, nor an own head. */
  topWeights(config: Config): Readonly<Record<string, OtherWeight>>
  /** Hidden states after the last norm, of the tokens that the layout keeps. @returns [kept, hidden] */
  forward(config: Config, layout: Layout, hooks: ModelHooks): Value
}
