/** What training, generation and evaluation need of a base, made by `base/`. */
import type { BaseId } from '../../protocol/ids.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import type { ModelConfig } from './config.ts'
import type { WeightFile } from './weights.ts'

export interface RunnableBase {
  readonly id: BaseId
  readonly config: ModelConfig
  readonly weights: WeightFile
  /** Folder for files that are made from the base, such as its weights in another precision. */
  readonly derived: string
  readonly tokenizer: Tokenizer
}
