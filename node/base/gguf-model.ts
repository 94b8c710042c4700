/**
 * A GGUF's metadata and tensor names to Hugging Face's: `config.json`, weight names, and the order of the rows.
 *
 * llama.cpp rotates neighbouring pairs of a head, Hugging Face rotates halves; its converter therefore permutes the
 * rows of q and k of every head. The tensors are marked here (`interleavedHeads`) and put back on conversion.
 * Names and hyperparameters of each architecture are in `gguf-architectures.ts`. Which quantisations can be read is
 * `dequantize.ts`'s matter. Source: llama.cpp's convert_hf_to_gguf.py.
 */
import { open } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import { type ModelConfig, parseModelConfig } from '../model/config.ts'
import { layerPath } from '../model/weights.ts'
import { BLOCK_TYPES } from './dequantize.ts'
import { type GgufFile, readGguf } from './gguf.ts'
import { GGUF_ARCHITECTURES, type GgufArchitecture, GgufKeys, unsupportedKey } from './gguf-architectures.ts'
import { tokenizerFromGguf } from './gguf-tokenizer.ts'
import type { SourceModel, SourceTensor } from './source-model.ts'

/** Tensors of factors by which rotary frequencies are divided; described by the configuration instead. */
const ROPE_FACTORS = 'rope_freqs.weight'
const SHORT_FACTORS = 'rope_factors_short.weight'
const LONG_FACTORS = 'rope_factors_long.weight'

/** Reads what a GGUF at `path` says of its model. @throws as `readGguf`, `tokenizerFromGguf`, `parseModelConfig`. */
export async function readGgufModel(path: string): Promise<SourceModel> {
  const file = await readGguf(path)
  const { metadata } = file
  const architecture = metadata.string('general.architecture')
  if (architecture === undefined || !Object.hasOwn(GGUF_ARCHITECTURES, architecture))
    throw new OppuError(
      'UNSUPPORTED_ARCHITECTURE',
      `this GGUF's general.architecture is ${architecture ?? 'missing'}, which is not supported`,
    )
  const known = GGUF_ARCHITECTURES[architecture]!
  const keys = new GgufKeys(metadata, architecture, file.tensors)
  const config = parseModelConfig(configFromKeys(known, keys, await ropeScaling(path, file, keys)))
  const tensors = new Map<string, SourceTensor>()
  for (const [name, { offset, typeName, shape }] of file.tensors) {
    if ([ROPE_FACTORS, SHORT_FACTORS, LONG_FACTORS].includes(name)) continue
    const weight = huggingFaceName(known, config, name)
    if (weight === undefined)
      throw new OppuError('UNSUPPORTED_ARCHITECTURE', `this GGUF has a tensor that is not supported: ${name}`)
    const heads = /attn_q\./.test(name) ? config.heads : /attn_k\./.test(name) ? config.kvHeads : undefined
    tensors.set(weight, {
      file: path,
      offset,
      typeName,
      shape,
      ...(known.interleaved && heads !== undefined ? { interleavedHeads: heads } : {}),
      ...(known.normShift !== undefined && weight.endsWith('norm.weight') ? { plus: -known.normShift } : {}),
    })
  }
  const { json: tokenizerJson, config: tokenizerConfig, eosIds } = tokenizerFromGguf(metadata)
  return {
    architecture,
    config,
    tensors,
    tokenizerJson,
    tokenizerConfig,
    eosIds,
    licence: metadata.string('general.license'),
  }
}

function huggingFaceName(known: GgufArchitecture, config: ModelConfig, name: string): string | undefined {
  const [, block, inner, kind] = /^(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ?? []
  const names = block === undefined ? known.top : known.layer
  if (inner === undefined || !Object.hasOwn(names, inner)) return undefined
  return `${block === undefined ? '' : `${layerPath(config, Number(block))}.`}${names[inner]}.${kind}`
}

function configFromKeys(
  known: GgufArchitecture,
  keys: GgufKeys,
  scaling: object | undefined,
): Record<string, unknown> {
  keys.refuse(known.keys)
  const own = known.config(keys)
  const common = {
    hidden_size: keys.number('embedding_length'),
    intermediate_size: keys.number('feed_forward_length'),
    num_hidden_layers: keys.number('block_count'),
    max_position_embeddings: keys.number('context_length'),
  }
  return {
    ...(own.model_type === 'gpt2' ? {} : common),
    tie_word_embeddings: !keys.tensors.has('output.weight'),
    vocab_size: keys.tensors.get('token_embd.weight')?.shape[0] ?? keys.number('vocab_size'),
    ...own,
    ...(scaling === undefined ? {} : { rope_scaling: scaling }),
  }
}

/** The factors of Llama 3.1 and 3.2, which their GGUFs keep as a tensor in place of the five numbers they came from. */
function llama3Scaling(factors: Float32Array, theta: number, headDim: number): object {
  if (factors.length === headDim / 2) {
    for (const factor of [8, 32]) {
      const close = factors.every((given, i) => {
        const wavelength = 2 * Math.PI * theta ** ((2 * i) / headDim)
        const smooth = Math.min(1, Math.max(0, (8192 / wavelength - 1) / 3))
        return Math.abs(given * ((1 - smooth) / factor + smooth) - 1) < 1e-4
      })
      if (close)
        return {
          rope_type: 'llama3',
          factor,
          low_freq_factor: 1,
          high_freq_factor: 4,
          original_max_position_embeddings: 8192,
        }
    }
  }
  throw unsupportedKey(ROPE_FACTORS, 'not that of a Llama 3 model')
}

/** What `rope_scaling` was before the converter made tensors of it; undefined where there are none. */
async function ropeScaling(path: string, file: GgufFile, keys: GgufKeys): Promise<object | undefined> {
  const factors = await readFactors(path, file, ROPE_FACTORS)
  if (factors !== undefined)
    return llama3Scaling(factors, keys.number('rope.freq_base') ?? 10_000, keys.headDim())
  const short = await readFactors(path, file, SHORT_FACTORS)
  const long = await readFactors(path, file, LONG_FACTORS)
  if (short === undefined && long === undefined) return undefined
  if (short === undefined || long === undefined)
    throw new OppuError(
      'INVALID_DATA',
      `${path} has one of ${SHORT_FACTORS} and ${LONG_FACTORS} without the other`,
    )
  const scale = keys.number('rope.scaling.attn_factor')
  return {
    rope_type: 'longrope',
    short_factor: [...short],
    long_factor: [...long],
    ...(scale === undefined ? {} : { attention_factor: scale }),
  }
}

async function readFactors(path: string, file: GgufFile, name: string): Promise<Float32Array | undefined> {
  const tensor = file.tensors.get(name)
  if (tensor === undefined) return undefined
  const count = tensor.shape.reduce((product, size) => product * size, 1)
  if (tensor.typeName !== 'F32' || count > 4096) throw unsupportedKey(name, `${count} of ${tensor.typeName}`)
  await using handle = await open(path)
  const bytes = new Uint8Array(4 * count)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, tensor.offset)
  if (bytesRead < bytes.length) throw new OppuError('TRUNCATED_FILE', `${path} ends within ${name}`)
  const values = new Float32Array(count)
  BLOCK_TYPES.F32?.read(bytes, count, values)
  return values
}
