/**
 * GGUF files: header, metadata and where every tensor's bytes lie.
 *
 * The header is parsed by @huggingface/gguf. That parser is lenient in ways that matter for a file from a
 * stranger: past the end of a file it reads zeros, and it checks neither offsets nor sizes. So this file bounds
 * the counts before it runs, and checks afterwards that the header ended inside the file and that the tensors,
 * each aligned, lie one after the other within it. What the numbers inside the blocks mean is `dequantize.ts`'s.
 * Format: ggml's docs/gguf.md, versions 2 and 3, little-endian.
 */
import { open } from 'node:fs/promises'
import { GGMLQuantizationType, type GGUFParseOutput, gguf } from '@huggingface/gguf'
import { OppuError } from '../../protocol/errors.ts'

export interface GgufTensor {
  /** ggml's number of the quantisation. */
  readonly type: number
  /** Its name (`Q4_K`), or the number where ggml has given it no name we know. */
  readonly typeName: string
  /** Row-major as Hugging Face writes it, [out, in]: ggml's dimensions reversed. */
  readonly shape: readonly number[]
  /** Of the first byte, from the start of the file. */
  readonly offset: number
}

export interface GgufFile {
  readonly metadata: GgufMetadata
  readonly tensors: ReadonlyMap<string, GgufTensor>
  /** Bytes of the file. */
  readonly size: number
}

/** No real file comes near these; a file beyond them is refused before anything is allocated for it. */
const MAX_TENSORS = 65_536
const MAX_KEYS = 65_536
const MAX_DIMENSIONS = 4
const MAX_ELEMENTS = 2 ** 42
/** Smallest encoding of a key (empty name, one byte) and of a tensor entry (empty name, no dimension). */
const KEY_BYTES = 13
const TENSOR_BYTES = 24

/**
 * Reads the header of the file at `path`.
 * @throws OppuError TRUNCATED_FILE where the file ends early, INVALID_DATA where it is no GGUF we read.
 */
export async function readGguf(path: string): Promise<GgufFile> {
  const size = await checkFront(path)
  const parsed = await parse(path, size)
  if (parsed.tensorInfoByteRange[1] > size) throw truncated(path)
  const metadata = new GgufMetadata(parsed.metadata)
  if ((metadata.number('split.count') ?? 1) > 1)
    throw new OppuError('INVALID_DATA', `${path} is one part of a split GGUF; merge the parts first`)
  const start = Number(parsed.tensorDataOffset)
  const alignment = metadata.number('general.alignment') ?? 32
  if (!Number.isInteger(Math.log2(alignment)) || alignment < 8) throw invalid(path, `alignment ${alignment}`)
  const tensors = new Map<string, GgufTensor>()
  for (const { name, shape, dtype, offset } of parsed.tensorInfos) {
    if (tensors.has(name)) throw invalid(path, `tensor ${JSON.stringify(name)} is there twice`)
    const dims = shape.map(Number).reverse()
    const elements = dims.reduce((product, dim) => product * dim, 1)
    if (dims.length === 0 || dims.length > MAX_DIMENSIONS || !(elements >= 1 && elements <= MAX_ELEMENTS))
      throw invalid(path, `tensor ${JSON.stringify(name)} has the shape [${dims}]`)
    if (offset > BigInt(Number.MAX_SAFE_INTEGER) || Number(offset) % alignment !== 0)
      throw invalid(
        path,
        `tensor ${JSON.stringify(name)} lies at ${offset}, which is not aligned to ${alignment}`,
      )
    if (start + Number(offset) > size) throw truncated(path)
    const typeName = GGMLQuantizationType[dtype] ?? String(dtype)
    tensors.set(name, { type: dtype, typeName, shape: dims, offset: start + Number(offset) })
  }
  return { metadata, tensors, size }
}

/** Metadata by key, each value typed on reading. */
export class GgufMetadata {
  readonly #values: ReadonlyMap<string, unknown>

  constructor(values: object) {
    this.#values = new Map(Object.entries(values))
  }

  get keys(): Iterable<string> {
    return this.#values.keys()
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  /** Undefined where the key is absent. @throws OppuError INVALID_DATA where it is no number. */
  number(key: string): number | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    const number = typeof value === 'bigint' ? Number(value) : value
    if (typeof number !== 'number' || (typeof value === 'bigint' && !Number.isSafeInteger(number)))
      throw badKey(key, 'a number')
    return number
  }

  string(key: string): string | undefined {
    const value = this.#values.get(key)
    if (value !== undefined && typeof value !== 'string') throw badKey(key, 'a text')
    return value
  }

  flag(key: string): boolean | undefined {
    const value = this.#values.get(key)
    if (value !== undefined && typeof value !== 'boolean') throw badKey(key, 'true or false')
    return value
  }

  strings(key: string): readonly string[] | undefined {
    return this.#list(key, 'string', 'a list of texts')
  }

  numbers(key: string): readonly number[] | undefined {
    return this.#list(key, 'number', 'a list of numbers')
  }

  #list<T>(key: string, type: string, what: string): readonly T[] | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    if (!Array.isArray(value) || value.some(item => typeof item !== type)) throw badKey(key, what)
    return value as readonly T[]
  }
}

/** Checks magic, version and counts, which tell how much the parser may have to allocate. Returns the file's size. */
async function checkFront(path: string): Promise<number> {
  await using handle = await open(path)
  const { size } = await handle.stat()
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(24), 0, 24, 0)
  if (bytesRead < 4 || buffer.toString('latin1', 0, 4) !== 'GGUF')
    throw invalid(path, 'it does not begin with GGUF')
  if (bytesRead < 24) throw truncated(path)
  const version = buffer.readUInt32LE(4)
  if (version !== 2 && version !== 3)
    throw invalid(path, `version ${version} (or big-endian); versions 2 and 3 are read`)
  const [tensors, keys] = [buffer.readBigUInt64LE(8), buffer.readBigUInt64LE(16)]
  if (tensors > MAX_TENSORS || keys > MAX_KEYS)
    throw invalid(path, `it claims ${tensors} tensors and ${keys} keys`)
  if (24 + Number(tensors) * TENSOR_BYTES + Number(keys) * KEY_BYTES > size) throw truncated(path)
  return size
}

async function parse(path: string, size: number): Promise<GGUFParseOutput> {
  try {
    return await gguf(path, { allowLocalFile: true })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    // The parser's ways of saying that it ran past the end.
    if (cause instanceof RangeError || /chunk fetches/.test(message)) throw truncated(path, cause)
    throw new OppuError('INVALID_DATA', `${path} is no GGUF that can be read (${size} bytes): ${message}`, {
      cause,
    })
  }
}

function badKey(key: string, what: string): OppuError {
  return new OppuError('INVALID_DATA', `GGUF metadata ${key} is not ${what}`)
}

function invalid(path: string, detail: string): OppuError {
  return new OppuError('INVALID_DATA', `${path} is no GGUF that can be read: ${detail}`)
}

function truncated(path: string, cause?: unknown): OppuError {
  return new OppuError('TRUNCATED_FILE', `${path} ends before its GGUF header does`, { cause })
}
