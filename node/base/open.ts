/**
 * From a base's folder to what training, generation and evaluation need: configuration, float32 weights, tokenizer
 * and chat template.
 *
 * The files are checked against the manifest before anything of them is used; large ones only when they changed
 * since. Where the weights file is made from is `weights-file.ts`'s matter; reading the sources `source-model.ts`'s.
 */
import { join } from 'node:path'
import { type BaseManifest, baseId } from '../../protocol/manifest.ts'
import type { RunnableBase } from '../model/runnable.ts'
import { FILES_FOLDER } from '../store/chunks.ts'
import { type ChatTemplate, chatTemplate, PLAIN_TEMPLATE } from '../text/chat-template.ts'
import { tokenizerFromFiles } from '../text/tokenizer.ts'
import { readSourceModel } from './source-model.ts'
import { existingWeights, makeWeights, weightsInPlace } from './weights-file.ts'
import { demandWholeFiles } from './whole-files.ts'

export interface OpenedBase extends RunnableBase {
  readonly manifest: BaseManifest
  /** The base's own chat template, or `PLAIN_TEMPLATE` where it has none. */
  readonly template: ChatTemplate
  /** False where the base has no chat template of its own. */
  readonly hasTemplate: boolean
}

/**
 * Opens the base in `folder` (`<home>/bases/<id>`), whose manifest the caller has read. Holds no file open.
 * `onProgress` follows the making of the weights file, in bytes.
 * @throws OppuError HASH_MISMATCH, TRUNCATED_FILE, DISK_FULL, and all that `readSourceModel` throws; the signal's reason.
 */
export async function openBase(
  folder: string,
  manifest: BaseManifest,
  options: {
    readonly signal?: AbortSignal
    readonly onProgress?: (bytes: number, total: number) => void
  } = {},
): Promise<OpenedBase> {
  const id = baseId(manifest)
  await demandWholeFiles(folder, manifest, options.signal)
  options.signal?.throwIfAborted()
  const model = await readSourceModel(join(folder, FILES_FOLDER), manifest.format)
  const source = { id, config: model.config, tensors: model.tensors }
  const path = join(folder, 'weights.f32')
  const weights =
    weightsInPlace(source) ??
    (await existingWeights(path, source)) ??
    (await makeWeights(path, source, options))
  const tokenizer = tokenizerFromFiles(model.tokenizerJson, model.tokenizerConfig, { eosIds: model.eosIds })
  const { template, hasTemplate } = templateOf(
    model.tokenizerConfig,
    tokenizer.encode('', { specialTokens: true }).length > 0,
  )
  return { id, config: model.config, weights, tokenizer, manifest, template, hasTemplate }
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
