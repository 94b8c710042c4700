/**
 * From a base's folder to what training, generation and evaluation need: configuration, weights, tokenizer and chat
 * template.
 *
 * The files are checked against the manifest before anything of them is used; large ones only when they changed
 * since. Where the weights file is made from is `weights-file.ts`'s matter; reading the sources `source-model.ts`'s.
 */
import { join } from 'node:path'
import { type BaseManifest, baseId } from '../../protocol/manifest.ts'
import type { WeightPrecision } from '../model/quantized.ts'
import type { RunnableBase } from '../model/runnable.ts'
import type { WeightFile } from '../model/weights.ts'
import { FILES_FOLDER } from '../store/chunks.ts'
import type { ChatTemplate } from '../text/chat-template.ts'
import { quantizedWeights } from './quantized-file.ts'
import { readSourceModel } from './source-model.ts'
import { existingWeights, makeWeights, type WeightSource, weightsInPlace } from './weights-file.ts'
import { demandWholeFiles } from './whole-files.ts'

export interface OpenedBase extends RunnableBase {
  readonly manifest: BaseManifest
  /** The base's own chat template, or `PLAIN_TEMPLATE` where it has none. */
  readonly template: ChatTemplate
  /** False where the base has no chat template of its own. */
  readonly hasTemplate: boolean
}

/**
 * Opens the base in `folder` (`<home>/bases/<id>`), whose manifest the caller has read. Holds no file open. In 8 or 4
 * bits (`precision`) the float32 weights are neither needed nor made. `onProgress` follows the making of the weights
 * file, in bytes.
 * @throws OppuError HASH_MISMATCH, TRUNCATED_FILE, DISK_FULL, and all that `readSourceModel` throws; the signal's reason.
 */
export async function openBase(
  folder: string,
  manifest: BaseManifest,
  options: {
    readonly precision?: WeightPrecision
    readonly signal?: AbortSignal
    readonly onProgress?: (bytes: number, total: number) => void
  } = {},
): Promise<OpenedBase> {
  const id = baseId(manifest)
  await demandWholeFiles(folder, manifest, options.signal)
  options.signal?.throwIfAborted()
  const model = await readSourceModel(join(folder, FILES_FOLDER), manifest.format)
  const source = { id, config: model.config, tensors: model.tensors }
  const { precision = 'float32' } = options
  const weights =
    precision === 'float32'
      ? await float32Weights(folder, source, options)
      : await quantizedWeights(folder, precision, source, options)
  const { config, tokenizer, template, hasTemplate } = model
  return { id, config, weights, derived: folder, tokenizer, manifest, template, hasTemplate }
}

async function float32Weights(
  folder: string,
  source: WeightSource,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (bytes: number, total: number) => void },
): Promise<WeightFile> {
  const path = join(folder, 'weights.f32')
  return (
    weightsInPlace(source) ??
    (await existingWeights(path, source)) ??
    (await makeWeights(path, source, options))
  )
}
