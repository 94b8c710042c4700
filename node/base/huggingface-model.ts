/**
 * A Hugging Face folder: which of its files make a base, and what they say.
 *
 * Only plain names in the folder itself are taken; a sharded index that points elsewhere is refused. Pickled
 * checkpoints (`pytorch_model.bin`) are programs and are not read.
 */
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { isSafePath } from '../../protocol/manifest.ts'
import { type ModelConfig, parseModelConfig } from '../model/config.ts'
import { parseSafetensorsHeader, safetensorsHeaderLength } from '../model/safetensors.ts'
import { isConv1d, linearLayers } from '../model/weights.ts'
import type { SourceModel, SourceTensor } from './source-model.ts'

/** Files beside the weights: name, whether a base must have it, and how large it may be. */
const SIDE_FILES = [
  { name: 'config.json', required: true, limit: 1 << 20 },
  { name: 'tokenizer.json', required: true, limit: 64 << 20 },
  { name: 'tokenizer_config.json', required: false, limit: 16 << 20 },
  { name: 'generation_config.json', required: false, limit: 1 << 20 },
  { name: 'chat_template.jinja', required: false, limit: 1 << 20 },
] as const

const SINGLE_FILE = 'model.safetensors'
export const INDEX_FILE = 'model.safetensors.index.json'
const INDEX_LIMIT = 16 << 20

/**
 * Which of the files named `names` a base consists of; `readIndex` gives the text of the sharded index when that is
 * asked for. @throws OppuError NOT_FOUND where a needed one is missing, INVALID_DATA for an index that leaves the folder.
 */
export async function huggingFaceFiles(
  names: ReadonlySet<string>,
  readIndex: () => Promise<string>,
): Promise<string[]> {
  for (const { name, required } of SIDE_FILES) {
    if (required && !names.has(name))
      throw new OppuError('NOT_FOUND', `this model has no ${name}, which a base needs`)
  }
  const side = SIDE_FILES.filter(({ name }) => names.has(name)).map(({ name }) => name)
  if (names.has(SINGLE_FILE)) return [...side, SINGLE_FILE]
  if (!names.has(INDEX_FILE))
    throw new OppuError(
      'NOT_FOUND',
      `this model has neither ${SINGLE_FILE} nor ${INDEX_FILE}; other formats are not read`,
    )
  const shards = new Set(Object.values(weightMap(await readIndex())))
  for (const shard of shards) {
    if (!names.has(shard))
      throw new OppuError('NOT_FOUND', `${INDEX_FILE} names ${shard}, which is not there`)
  }
  return [...side, INDEX_FILE, ...shards]
}

/** Tensor name -> shard. */
function weightMap(text: string): Record<string, string> {
  const map = objectOf(objectOf(parse(text, INDEX_FILE), INDEX_FILE).weight_map, `${INDEX_FILE}: weight_map`)
  for (const [tensor, shard] of Object.entries(map)) {
    if (
      typeof shard !== 'string' ||
      !isSafePath(shard) ||
      shard.includes('/') ||
      !shard.endsWith('.safetensors')
    )
      throw new OppuError(
        'INVALID_DATA',
        `${INDEX_FILE} puts ${tensor.slice(0, 80)} into ${JSON.stringify(shard).slice(0, 80)}, which is no file of this folder`,
      )
  }
  return map as Record<string, string>
}

/** @throws OppuError as `readSourceModel`. */
export async function readHuggingFaceModel(folder: string): Promise<SourceModel> {
  const json = async (name: (typeof SIDE_FILES)[number]['name']) => {
    const text = await readSide(folder, name)
    return text === undefined ? undefined : objectOf(parse(text, name), name)
  }
  const configJson = await json('config.json')
  const config = parseModelConfig(configJson)
  const tokenizerConfig = (await json('tokenizer_config.json')) ?? {}
  const template = await readSide(folder, 'chat_template.jinja')
  const generation = await json('generation_config.json')
  const eos = generation?.eos_token_id ?? configJson?.eos_token_id ?? []
  const eosIds = (Array.isArray(eos) ? eos : [eos]).filter(
    id => Number.isInteger(id) && id >= 0 && id < config.vocabSize,
  )
  const architectures = configJson?.architectures
  const architecture: unknown = Array.isArray(architectures) ? architectures[0] : configJson?.model_type
  return {
    architecture: String(architecture),
    config,
    tensors: turnedWhereStoredSo(config, await readTensors(folder)),
    tokenizerJson: await json('tokenizer.json'),
    tokenizerConfig:
      template === undefined ? tokenizerConfig : { ...tokenizerConfig, chat_template: template },
    eosIds,
    licence: undefined,
  }
}

/** Marks the linear weights that this architecture's files have as [in, out]. */
function turnedWhereStoredSo(
  config: ModelConfig,
  tensors: ReadonlyMap<string, SourceTensor>,
): ReadonlyMap<string, SourceTensor> {
  if (!isConv1d(config)) return tensors
  const endings = linearLayers(config).map(({ path }) => `.${path}.weight`)
  return new Map(
    [...tensors].map(([name, tensor]) =>
      endings.some(ending => name.endsWith(ending))
        ? [name, { ...tensor, shape: [...tensor.shape].reverse(), transposed: true }]
        : [name, tensor],
    ),
  )
}

async function readTensors(folder: string): Promise<Map<string, SourceTensor>> {
  const index = await readSide(folder, INDEX_FILE)
  const single = await isFile(join(folder, SINGLE_FILE))
  const map = single || index === undefined ? undefined : weightMap(index)
  const files = map === undefined ? [SINGLE_FILE] : [...new Set(Object.values(map))]
  const tensors = new Map<string, SourceTensor>()
  for (const name of files) {
    const path = join(folder, name)
    for (const [tensor, { dtype, shape, offset }] of (await readHeader(path)).tensors) {
      if (map !== undefined && map[tensor] !== name)
        throw new OppuError(
          'INVALID_DATA',
          `${name} holds the weight ${tensor}, which ${INDEX_FILE} does not put there`,
        )
      tensors.set(tensor, { file: path, offset, shape, typeName: dtype })
    }
  }
  for (const tensor of Object.keys(map ?? {})) {
    if (!tensors.has(tensor))
      throw new OppuError('INVALID_DATA', `the weight ${tensor} is in ${INDEX_FILE}, but in no file`)
  }
  return tensors
}

async function readHeader(path: string) {
  await using handle = await open(path)
  const { size } = await handle.stat()
  const first = Buffer.alloc(8)
  const { bytesRead } = await handle.read(first, 0, 8, 0)
  const length = safetensorsHeaderLength(first.subarray(0, bytesRead))
  if (8 + length > size)
    throw new OppuError(
      'TRUNCATED_FILE',
      `${path}: a safetensors header of ${length} bytes in a file of ${size}`,
    )
  const bytes = Buffer.alloc(8 + length)
  await handle.read(bytes, 0, bytes.length, 0)
  try {
    return parseSafetensorsHeader(bytes, size)
  } catch (error) {
    if (error instanceof OppuError)
      throw new OppuError(error.code, `${path}: ${error.message}`, { cause: error })
    throw error
  }
}

/** A side file's text, undefined where it is absent. @throws OppuError TOO_LARGE */
async function readSide(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, name)
  if (!(await isFile(path))) return undefined
  const limit = SIDE_FILES.find(side => side.name === name)?.limit ?? INDEX_LIMIT
  const { size } = await stat(path)
  if (size > limit) throw new OppuError('TOO_LARGE', `${path} has ${size} bytes; at most ${limit} are read`)
  return await readFile(path, 'utf8')
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ?? false
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OppuError('INVALID_DATA', `${name} is not JSON`, { cause })
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OppuError('INVALID_DATA', `${what} is not an object`)
  return value as Record<string, unknown>
}
