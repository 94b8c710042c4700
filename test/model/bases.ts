/** Bases for tests: a tiny seeded one made on the spot, and the real one beside the checkout where it is there. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ModelConfig, parseModelConfig } from '../../node/model/config.ts'
import type { RunnableBase } from '../../node/model/runnable.ts'
import { parseSafetensorsHeader, writeSafetensors } from '../../node/model/safetensors.ts'
import {
  checkWeights,
  initialWeights,
  modelTensors,
  type WeightFile,
  weightShapes,
} from '../../node/model/weights.ts'
import { type Tokenizer, tokenizerFromFiles } from '../../node/text/tokenizer.ts'
import type { BaseId } from '../../protocol/ids.ts'

export const TINY_CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  vocab_size: 61,
  hidden_size: 24,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 6,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  initializer_range: 0.3,
}

/** A test's own base: id made of one digit, weights of the given configuration, in a folder that `remove` deletes. */
export interface TestBase extends RunnableBase {
  readonly values: ReadonlyMap<string, Float32Array>
  remove(): Promise<void>
}

const noTokenizer: Tokenizer = {
  encode: () => [],
  cover: text => text,
  decode: () => '',
  vocabSize: 0,
  eosIds: [],
}

export async function tinyBase(changes: Record<string, unknown> = {}, seed = 1): Promise<TestBase> {
  const config = parseModelConfig({ ...TINY_CONFIG, ...changes })
  const values = initialWeights(config, seed)
  for (const [name, data] of values)
    if (/norm|bias/.test(name))
      for (let i = 0; i < data.length; i++) data[i]! += 0.2 * Math.sin(i + name.length)
  const folder = await mkdtemp(join(tmpdir(), 'oppu-base-'))
  const path = join(folder, 'model.safetensors')
  const shapes = weightShapes(config)
  await writeFile(
    path,
    writeSafetensors(new Map([...values].map(([name, data]) => [name, { shape: shapes.get(name)!, data }]))),
  )
  return {
    id: String(seed % 10).repeat(64) as BaseId,
    config,
    values,
    weights: await weightFileOf(path, config),
    derived: dirname(path),
    tokenizer: noTokenizer,
    remove: () => rm(folder, { recursive: true }),
  }
}

async function weightFileOf(path: string, config: ModelConfig): Promise<WeightFile> {
  const file = await readFile(path)
  const tensors = modelTensors(config, parseSafetensorsHeader(file, file.length).tensors)
  checkWeights(config, tensors)
  return { path, tensors }
}

const STORIES = fileURLToPath(new URL('../../../shared/models/tinystories-656k', import.meta.url))

/** Why the real base cannot be used here, or false: for a test's `skip`. */
export const storiesMissing = existsSync(join(STORIES, 'model.safetensors'))
  ? false
  : `${STORIES} is not there`

export async function storiesBase(): Promise<RunnableBase> {
  const json = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(STORIES, name), 'utf8'))
  const config = parseModelConfig(await json('config.json'))
  return {
    id: 'a'.repeat(64) as BaseId,
    config,
    weights: await weightFileOf(join(STORIES, 'model.safetensors'), config),
    derived: STORIES,
    tokenizer: tokenizerFromFiles(await json('tokenizer.json'), await json('tokenizer_config.json')),
  }
}
