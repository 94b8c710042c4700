/**
 * A tiny Llama, made anew for each test: as a Hugging Face folder, and as the GGUF that llama.cpp's converter would
 * make of it (rows of q and k permuted). Also what several tests of this folder share: temporary folders.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parseModelConfig } from '../../node/model/config.ts'
import { type NamedTensor, writeSafetensors } from '../../node/model/safetensors.ts'
import { initialWeights, weightShapes } from '../../node/model/weights.ts'

export const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 128,
  rms_norm_eps: 0.00001,
  rope_theta: 10000,
  tie_word_embeddings: false,
  vocab_size: 264,
}

/** A folder that is deleted when the test ends. */
export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-base-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** GPT-2's printable stand-ins for the 256 bytes, two merges, and an end-of-text token. */
export function tinyVocabulary(): { tokens: string[]; merges: string[] } {
  const plain = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  let next = 256
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(plain(byte) ? byte : next++))
  return { tokens: [...bytes, 'th', 'the', '<|end|>', '<|start|>'], merges: ['t h', 'th e'] }
}

export function tinyTokenizer(): { json: object; config: object } {
  const { tokens, merges } = tinyVocabulary()
  const added = [258, 259].map(id => ({ id, content: tokens[id]!, special: true, normalized: false }))
  return {
    json: {
      added_tokens: added,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
    },
    config: {
      bos_token: '<|start|>',
      eos_token: '<|end|>',
      chat_template: '{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}',
    },
  }
}

export type Tensors = Map<string, NamedTensor>

export function tinyWeights(config: object = CONFIG): Tensors {
  const parsed = parseModelConfig(config)
  const shapes = weightShapes(parsed)
  return new Map(
    [...initialWeights(parsed, 5)].map(([name, data]) => [name, { shape: shapes.get(name)!, data }]),
  )
}

export interface FolderChanges {
  readonly config?: object
  readonly weights?: Uint8Array | Readonly<Record<string, Uint8Array>>
  readonly files?: Readonly<Record<string, string>>
}

/** Writes the model as a Hugging Face folder. */
export async function writeFolder(folder: string, changes: FolderChanges = {}): Promise<string> {
  await mkdir(folder, { recursive: true })
  const { json, config } = tinyTokenizer()
  const weights = changes.weights ?? writeSafetensors(tinyWeights(changes.config ?? CONFIG))
  const files: Record<string, string | Uint8Array> = {
    'config.json': JSON.stringify(changes.config ?? CONFIG),
    'tokenizer.json': JSON.stringify(json),
    'tokenizer_config.json': JSON.stringify(config),
    ...(weights instanceof Uint8Array ? { 'model.safetensors': weights } : weights),
    ...changes.files,
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

export type GgufValue = string | number | boolean | readonly string[] | readonly number[]
/** A whole number is written as uint32, other numbers as float32. */
export type GgufKeys = Record<string, GgufValue>
export interface GgufTensorData {
  readonly name: string
  /** ggml's order: the length of a row first. */
  readonly dims: readonly number[]
  readonly type: number
  readonly bytes: Uint8Array
}

export function tinyKeys(): GgufKeys {
  const { tokens, merges } = tinyVocabulary()
  return {
    'general.architecture': 'llama',
    'general.license': 'mit',
    'llama.block_count': 2,
    'llama.context_length': 128,
    'llama.embedding_length': 32,
    'llama.feed_forward_length': 64,
    'llama.attention.head_count': 4,
    'llama.attention.head_count_kv': 2,
    'llama.attention.layer_norm_rms_epsilon': 0.00001,
    'llama.rope.freq_base': 10000,
    'llama.rope.dimension_count': 8,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'gpt-2',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': tokens.map((_, id) => (id >= 258 ? 3 : 1)),
    'tokenizer.ggml.merges': merges,
    'tokenizer.ggml.bos_token_id': 259,
    'tokenizer.ggml.eos_token_id': 258,
    'tokenizer.ggml.add_bos_token': true,
    'tokenizer.chat_template': '{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}',
  }
}

const GGUF_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens\./, 'token_embd.'],
  [/^model\.norm\./, 'output_norm.'],
  [/^lm_head\./, 'output.'],
  [/^model\.layers\.(\d+)\./, 'blk.$1.'],
  [/input_layernorm/, 'attn_norm'],
  [/post_attention_layernorm/, 'ffn_norm'],
  [/self_attn\.([qkv])_proj/, 'attn_$1'],
  [/self_attn\.o_proj/, 'attn_output'],
  [/mlp\.(gate|up|down)_proj/, 'ffn_$1'],
]

/** The tensors as float32 in llama.cpp's names and row order. */
export function tinyGgufTensors(weights: Tensors = tinyWeights()): GgufTensorData[] {
  return [...weights].map(([name, { shape, data }]) => {
    const heads = /q_proj/.test(name) ? 4 : /k_proj/.test(name) ? 2 : 0
    const values = heads > 0 ? permuted(data, heads, shape[0]!, shape[1]!) : data
    const renamed = GGUF_NAMES.reduce((text, [from, to]) => text.replace(from, to), name)
    return {
      name: renamed,
      dims: [...shape].reverse(),
      type: 0,
      bytes: new Uint8Array(values.slice().buffer),
    }
  })
}

/** As convert_hf_to_gguf.py: reshape(heads, 2, rows / heads / 2, in).swapaxes(1, 2) */
function permuted(data: Float32Array, heads: number, rows: number, width: number): Float32Array {
  const half = rows / heads / 2
  const out = new Float32Array(data.length)
  let to = 0
  for (let h = 0; h < heads; h++)
    for (let j = 0; j < half; j++)
      for (let s = 0; s < 2; s++) {
        const from = (h * 2 * half + s * half + j) * width
        out.set(data.subarray(from, from + width), to)
        to += width
      }
  return out
}

/** A whole GGUF, version 3. */
export function writeGguf(keys: GgufKeys, tensors: readonly GgufTensorData[], alignment = 32): Buffer {
  const parts: Buffer[] = []
  const u32 = (value: number) => parts.push(Buffer.from(Uint32Array.of(value).buffer))
  const u64 = (value: number) => parts.push(Buffer.from(BigUint64Array.of(BigInt(value)).buffer))
  const text = (value: string) => {
    const bytes = Buffer.from(value)
    u64(bytes.length)
    parts.push(bytes)
  }
  const scalar = (value: string | number | boolean, typed: boolean): void => {
    if (typeof value === 'string') {
      if (typed) u32(8)
      text(value)
    } else if (typeof value === 'boolean') {
      if (typed) u32(7)
      parts.push(Buffer.of(Number(value)))
    } else {
      const whole = Number.isInteger(value)
      if (typed) u32(whole ? 4 : 6)
      parts.push(Buffer.from(whole ? Uint32Array.of(value).buffer : Float32Array.of(value).buffer))
    }
  }
  parts.push(Buffer.from('GGUF'))
  u32(3)
  u64(tensors.length)
  u64(Object.keys(keys).length)
  for (const [key, value] of Object.entries(keys)) {
    text(key)
    if (typeof value !== 'object') scalar(value, true)
    else {
      const strings = typeof value[0] === 'string'
      const whole = !strings && value.every(item => Number.isInteger(item))
      u32(9)
      u32(strings ? 8 : whole ? 4 : 6)
      u64(value.length)
      for (const item of value) {
        if (strings || whole) scalar(item, false)
        else parts.push(Buffer.from(Float32Array.of(Number(item)).buffer))
      }
    }
  }
  let end = 0
  for (const { name, dims, type, bytes } of tensors) {
    text(name)
    u32(dims.length)
    for (const dim of dims) u64(dim)
    u32(type)
    u64(end)
    end = Math.ceil((end + bytes.length) / alignment) * alignment
  }
  const pad = (length: number) => Buffer.alloc((alignment - (length % alignment)) % alignment)
  const header = Buffer.concat(parts)
  return Buffer.concat([
    header,
    pad(header.length),
    ...tensors.flatMap(({ bytes }) => [bytes, pad(bytes.length)]),
  ])
}

/** A GGUF of the tiny model, with changes. */
export function tinyGguf(
  change: { readonly keys?: GgufKeys; readonly tensors?: readonly GgufTensorData[] } = {},
): Buffer {
  return writeGguf({ ...tinyKeys(), ...change.keys }, change.tensors ?? tinyGgufTensors())
}
