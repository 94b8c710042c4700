/**
 * A base's source files, read as one model: configuration, tokenizer, template, and where every weight lies.
 *
 * Two formats come in (a Hugging Face folder, a GGUF), one shape comes out; nothing of a weight but its place is
 * read here. Every check that makes a base importable is made here, so that what is imported can be opened.
 */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import type { BaseFormat } from '../../protocol/manifest.ts'
import type { ModelConfig } from '../model/config.ts'
import { checkWeights, modelTensors } from '../model/weights.ts'
import { type ChatTemplate, chatTemplate, PLAIN_TEMPLATE } from '../text/chat-template.ts'
import { type Tokenizer, tokenizerFromFiles } from '../text/tokenizer.ts'
import { blockType } from './dequantize.ts'
import { readGgufModel } from './gguf-model.ts'
import { readHuggingFaceModel } from './huggingface-model.ts'

export interface SourceTensor {
  /** Path of the file that holds it. */
  readonly file: string
  /** Of its first byte in that file. */
  readonly offset: number
  /** The model's own, [out, in]. */
  readonly shape: readonly number[]
  /** A name in `BLOCK_TYPES`. */
  readonly typeName: string
  /** Set where the rows of every head are in llama.cpp's order: the number of heads. */
  readonly interleavedHeads?: number
  /** Set where the file has the matrix as [in, out]. */
  readonly transposed?: boolean
  /** Added to every value read. */
  readonly plus?: number
}

export interface SourceModel {
  /** As the source names it. */
  readonly architecture: string
  readonly config: ModelConfig
  /** By Hugging Face's names. */
  readonly tensors: ReadonlyMap<string, SourceTensor>
  readonly tokenizerJson: unknown
  readonly tokenizerConfig: unknown
  /** Ids that end a text, beyond what the tokenizer's configuration names. */
  readonly eosIds: readonly number[]
  /** Undefined where the source does not say. */
  readonly licence: string | undefined
}

/** A source model that was found to be one we can run. */
export interface CheckedModel extends SourceModel {
  readonly tokenizer: Tokenizer
  /** The model's own chat template, or `PLAIN_TEMPLATE` where it has none. */
  readonly template: ChatTemplate
  readonly hasTemplate: boolean
}

/** The name under which a GGUF lies in a base. */
export const GGUF_NAME = 'model.gguf'

/** What format a folder of base files is in. @throws OppuError NOT_FOUND where it is none we know. */
export async function formatOf(folder: string): Promise<BaseFormat> {
  const names = await readdir(folder)
  if (names.includes(GGUF_NAME)) return 'gguf'
  if (names.includes('config.json')) return 'huggingface'
  throw new OppuError('NOT_FOUND', `${folder} holds neither a config.json nor a ${GGUF_NAME}`)
}

/**
 * Reads the files of a base and checks that we can run it: configuration, tokenizer, chat template, every weight in
 * its shape, in a quantisation we read, inside its file.
 * @throws OppuError UNSUPPORTED_*, TRUNCATED_FILE, INVALID_DATA, each naming what is wrong.
 */
export async function readSourceModel(folder: string, format: BaseFormat): Promise<CheckedModel> {
  const model =
    format === 'gguf' ? await readGgufModel(join(folder, GGUF_NAME)) : await readHuggingFaceModel(folder)
  await demandOneHead(model)
  const tensors = modelTensors(model.config, model.tensors)
  checkWeights(model.config, tensors)
  const sizes = new Map<string, number>()
  for (const [name, tensor] of tensors) {
    if (!sizes.has(tensor.file)) sizes.set(tensor.file, await fileSize(tensor.file))
    const end = tensor.offset + tensorBytes(name, tensor)
    if (end > sizes.get(tensor.file)!)
      throw new OppuError(
        'TRUNCATED_FILE',
        `${tensor.file} ends before the weight ${name} does (byte ${end})`,
      )
  }
  demandDisjoint(tensors)
  const tokenizer = tokenizerFromFiles(model.tokenizerJson, model.tokenizerConfig, { eosIds: model.eosIds })
  const { vocabSize } = tokenizer
  if (vocabSize > model.config.vocabSize)
    throw new OppuError(
      'INVALID_DATA',
      `the tokenizer has ids up to ${vocabSize - 1}, the model ${model.config.vocabSize} tokens`,
    )
  const addsBos = tokenizer.encode('', { specialTokens: true }).length > 0
  return { ...model, tensors, tokenizer, ...templateOf(model.tokenizerConfig, addsBos) }
}

/** Bytes that a tensor takes in its file. @throws OppuError UNSUPPORTED_QUANTIZATION, INVALID_DATA. */
export function tensorBytes(name: string, { shape, typeName }: SourceTensor): number {
  const { weights, bytes } = blockType(typeName, name)
  const row = shape.at(-1) ?? 1
  if (row % weights !== 0)
    throw new OppuError(
      'INVALID_DATA',
      `weight ${name} has rows of ${row}, no multiple of ${typeName}'s blocks of ${weights}`,
    )
  return (shape.reduce((product, size) => product * size, 1) / weights) * bytes
}

/** Of a tied model's two names for one matrix both may be in the file: then they must hold the same. @throws OppuError INVALID_DATA. */
async function demandOneHead({ config, tensors }: SourceModel): Promise<void> {
  const head = tensors.get('lm_head.weight')
  const embedding = tensors.get('model.embed_tokens.weight')
  if (!config.tiedHead || head === undefined || embedding === undefined || (await sameBytes(head, embedding)))
    return
  throw new OppuError(
    'INVALID_DATA',
    'the configuration ties the head to the embedding, but lm_head.weight is another',
  )
}

async function sameBytes(a: SourceTensor, b: SourceTensor): Promise<boolean> {
  if (a.typeName !== b.typeName || a.shape.join() !== b.shape.join()) return false
  const total = tensorBytes('lm_head.weight', a)
  await using left = await open(a.file)
  await using right = await open(b.file)
  const [ours, theirs] = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)]
  for (let done = 0; done < total; done += ours.length) {
    const length = Math.min(ours.length, total - done)
    const { bytesRead } = await left.read(ours, 0, length, a.offset + done)
    const read = await right.read(theirs, 0, length, b.offset + done)
    if (bytesRead < length || read.bytesRead < length) return false
    if (ours.compare(theirs, 0, length, 0, length) !== 0) return false
  }
  return true
}

/** Two weights over the same bytes are a damaged (or hostile) file. */
function demandDisjoint(tensors: ReadonlyMap<string, SourceTensor>): void {
  const sorted = [...tensors].sort(([, a], [, b]) =>
    a.file === b.file ? a.offset - b.offset : a.file < b.file ? -1 : 1,
  )
  for (let i = 1; i < sorted.length; i++) {
    const [name, tensor] = sorted[i]!
    const [before, previous] = sorted[i - 1]!
    if (previous.file === tensor.file && previous.offset + tensorBytes(before, previous) > tensor.offset)
      throw new OppuError('INVALID_DATA', `the weights ${before} and ${name} overlap in ${tensor.file}`)
  }
}

async function fileSize(path: string): Promise<number> {
  await using handle = await open(path)
  return (await handle.stat()).size
}

function templateOf(
  tokenizerConfig: unknown,
  addsBos: boolean,
): { template: ChatTemplate; hasTemplate: boolean } {
  const config = tokenizerConfig as Readonly<Record<string, unknown>>
  const bosToken = contentOf(config.bos_token)
  const eosToken = contentOf(config.eos_token)
  const source = templateText(config.chat_template)
  const tokens = {
    ...(bosToken === undefined || (source === undefined && !addsBos) ? {} : { bosToken }),
    ...(eosToken === undefined ? {} : { eosToken }),
  }
  return { template: chatTemplate(source ?? PLAIN_TEMPLATE, tokens), hasTemplate: source !== undefined }
}

/** A template is a text, or a list of named ones of which `default` is meant. */
function templateText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  const named = value.find(
    item => typeof item === 'object' && item !== null && 'name' in item && item.name === 'default',
  )
  return typeof named?.template === 'string' ? named.template : undefined
}

function contentOf(token: unknown): string | undefined {
  const content = typeof token === 'object' && token !== null && 'content' in token ? token.content : token
  return typeof content === 'string' ? content : undefined
}
