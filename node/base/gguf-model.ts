/**
 * A GGUF's metadata and tensor names to Hugging Face's: `config.json`, weight names, and the order of the rows.
 *
 * llama.cpp rotates neighbouring pairs of a head, Hugging Face rotates halves; its converter therefore permutes the
 * rows of q and k of every head. The tensors are marked here (`interleavedHeads`) and put back on conversion.
 * Every `llama.*` key is handled or refused by name, as in `model/config.ts`. Which quantisations can be read is
 * `dequantize.ts`'s matter. Source: llama.cpp's convert_hf_to_gguf.py and gguf-py's tensor_mapping.py.
 */
import { open } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import { parseModelConfig } from '../model/config.ts'
import { BLOCK_TYPES } from './dequantize.ts'
import { type GgufFile, type GgufMetadata, type GgufTensor, readGguf } from './gguf.ts'
import { tokenizerFromGguf } from './gguf-tokenizer.ts'
import type { SourceModel, SourceTensor } from './source-model.ts'

/** Name inside a decoder layer, without `.weight` or `.bias`. */
const LAYER_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}

const TOP_NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
}

/** A tensor of factors by which rotary frequencies are divided; described by the configuration instead. */
const ROPE_FACTORS = 'rope_freqs.weight'

/** Keys below `llama.` that are read here, or change nothing. */
const KNOWN_KEYS = new Set([
  'block_count',
  'context_length',
  'embedding_length',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'attention.key_length',
  'attention.value_length',
  'attention.layer_norm_rms_epsilon',
  'attention.causal',
  'rope.dimension_count',
  'rope.freq_base',
  'rope.scaling.type',
  'rope.scaling.factor',
  'rope.scale_linear',
  'vocab_size',
  'tensor_data_layout',
  'expert_count',
  'expert_used_count',
])

/** Reads what a GGUF at `path` says of its model. @throws as `readGguf`, `tokenizerFromGguf`, `parseModelConfig`. */
export async function readGgufModel(path: string): Promise<SourceModel> {
  const file = await readGguf(path)
  const { metadata } = file
  const architecture = metadata.string('general.architecture')
  if (architecture !== 'llama')
    throw new OppuError(
      'UNSUPPORTED_ARCHITECTURE',
      `this GGUF's general.architecture is ${architecture ?? 'missing'}, which is not supported`,
    )
  const json = configFromMetadata(metadata, file.tensors, await ropeFactors(path, file))
  const config = parseModelConfig(json)
  const tensors = new Map<string, SourceTensor>()
  for (const [name, tensor] of file.tensors) {
    if (name === ROPE_FACTORS) continue
    const known = huggingFaceName(name)
    if (known === undefined)
      throw new OppuError('UNSUPPORTED_ARCHITECTURE', `this GGUF has a tensor that is not supported: ${name}`)
    const heads = /attn_q\./.test(name) ? config.heads : /attn_k\./.test(name) ? config.kvHeads : undefined
    tensors.set(known, {
      file: path,
      offset: tensor.offset,
      typeName: tensor.typeName,
      shape: tensor.shape,
      ...(heads === undefined ? {} : { interleavedHeads: heads }),
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

function huggingFaceName(name: string): string | undefined {
  if (Object.hasOwn(TOP_NAMES, name)) return TOP_NAMES[name]
  const match = /^blk\.(\d+)\.([a-z_]+)\.(weight|bias)$/.exec(name)
  const inner = match && Object.hasOwn(LAYER_NAMES, match[2]!) ? LAYER_NAMES[match[2]!] : undefined
  return match && inner !== undefined ? `model.layers.${Number(match[1])}.${inner}.${match[3]}` : undefined
}

function configFromMetadata(
  metadata: GgufMetadata,
  tensors: ReadonlyMap<string, GgufTensor>,
  factors: Float32Array | undefined,
): Record<string, unknown> {
  for (const key of metadata.keys) {
    if (key.startsWith('llama.') && !KNOWN_KEYS.has(key.slice(6))) throw unsupported(key, 'set')
  }
  const number = (key: string) => metadata.number(`llama.${key}`)
  const experts = number('expert_count') ?? 0
  if (experts > 0) throw unsupported('llama.expert_count', experts)
  if (metadata.flag('llama.attention.causal') === false) throw unsupported('llama.attention.causal', false)
  const heads = number('attention.head_count')
  const hidden = number('embedding_length')
  const headDim = number('attention.key_length') ?? (hidden ?? 0) / (heads ?? 1)
  for (const key of ['attention.value_length', 'rope.dimension_count']) {
    const value = number(key) ?? headDim
    if (value !== headDim) throw unsupported(`llama.${key}`, value)
  }
  const theta = number('rope.freq_base') ?? 10_000
  return {
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: hidden,
    intermediate_size: number('feed_forward_length'),
    num_hidden_layers: number('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: number('attention.head_count_kv') ?? heads,
    head_dim: headDim,
    max_position_embeddings: number('context_length'),
    rms_norm_eps: number('attention.layer_norm_rms_epsilon'),
    rope_theta: theta,
    rope_scaling: factors === undefined ? ropeScaling(metadata) : llama3Scaling(factors, theta, headDim),
    tie_word_embeddings: !tensors.has('output.weight'),
    attention_bias: tensors.has('blk.0.attn_q.bias'),
    mlp_bias: tensors.has('blk.0.ffn_up.bias'),
    vocab_size: tensors.get('token_embd.weight')?.shape[0] ?? number('vocab_size'),
  }
}

function ropeScaling(metadata: GgufMetadata): object | null {
  const type =
    metadata.string('llama.rope.scaling.type') ??
    (metadata.has('llama.rope.scale_linear') ? 'linear' : 'none')
  if (type === 'none') return null
  return {
    rope_type: type,
    factor: metadata.number('llama.rope.scaling.factor') ?? metadata.number('llama.rope.scale_linear'),
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
  throw unsupported(ROPE_FACTORS, 'not that of a Llama 3 model')
}

async function ropeFactors(path: string, file: GgufFile): Promise<Float32Array | undefined> {
  const tensor = file.tensors.get(ROPE_FACTORS)
  if (tensor === undefined) return undefined
  const count = tensor.shape.reduce((product, size) => product * size, 1)
  if (tensor.typeName !== 'F32' || count > 4096)
    throw unsupported(ROPE_FACTORS, `${count} of ${tensor.typeName}`)
  await using handle = await open(path)
  const bytes = new Uint8Array(4 * count)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, tensor.offset)
  if (bytesRead < bytes.length) throw new OppuError('TRUNCATED_FILE', `${path} ends within ${ROPE_FACTORS}`)
  const values = new Float32Array(count)
  BLOCK_TYPES.F32?.read(bytes, count, values)
  return values
}

function unsupported(key: string, value: unknown): OppuError {
  return new OppuError(
    'UNSUPPORTED_ARCHITECTURE',
    `this GGUF's ${key} is ${String(value)}, which is not supported`,
  )
}
