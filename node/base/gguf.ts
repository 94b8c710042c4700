/**
 * GGUF files: metadata and where every tensor's bytes lie.
 *
 * `gguf-header.ts` reads the header; this file bounds its counts before, and checks afterwards that the tensors, each
 * aligned, lie one after the other within the file. What the numbers inside the blocks mean is `dequantize.ts`'s.
 * Format: ggml's docs/gguf.md, versions 2 and 3, little-endian.
 */
import { open } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import { readHeader } from './gguf-header.ts'

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
/** ggml's types of tensors by number. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  6: 'Q5_0',
  7: 'Q5_1',
  8: 'Q8_0',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  30: 'BF16',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
}
/** Smallest encoding of a key (empty name, one byte) and of a tensor entry (empty name, no dimension). */
const KEY_BYTES = 13
const TENSOR_BYTES = 24

/**
 * Reads the header of the file at `path`.
 * @throws OppuError TRUNCATED_FILE where the file ends early, INVALID_DATA where it is no GGUF we read.
 */
export async function readGguf(path: string): Promise<GgufFile> {
  const size = await checkFront(path)
  const header = await readHeader(path, size)
  const metadata = new GgufMetadata(header.values)
  if ((metadata.number('split.count') ?? 1) > 1)
    throw new OppuError('INVALID_DATA', `${path} is one part of a split GGUF; merge the parts first`)
  const alignment = metadata.number('general.alignment') ?? 32
  if (!Number.isInteger(Math.log2(alignment)) || alignment < 8) throw invalid(path, `alignment ${alignment}`)
  const start = Math.ceil(header.length / alignment) * alignment
  const tensors = new Map<string, GgufTensor>()
  for (const { name, dims, type, offset } of header.tensors) {
    if (tensors.has(name)) throw invalid(path, `tensor ${JSON.stringify(name)} is there twice`)
    const shape = [...dims].reverse()
    const elements = shape.reduce((product, dim) => product * dim, 1)
    if (shape.length === 0 || shape.length > MAX_DIMENSIONS || !(elements >= 1 && elements <= MAX_ELEMENTS))
      throw invalid(path, `tensor ${JSON.stringify(name)} has the shape [${shape}]`)
    if (offset > BigInt(Number.MAX_SAFE_INTEGER) || Number(offset) % alignment !== 0)
      throw invalid(
        path,
        `tensor ${JSON.stringify(name)} lies at ${offset}, which is not aligned to ${alignment}`,
      )
    if (start + Number(offset) > size) throw truncated(path)
    const typeName = TYPE_NAMES[type] ?? String(type)
    tensors.set(name, { type, typeName, shape, offset: start + Number(offset) })
  }
  return { metadata, tensors, size }
}

/** Metadata by key, each value typed on reading. */
export class GgufMetadata {
  readonly #values: ReadonlyMap<string, unknown>

  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values
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

function badKey(key: string, what: string): OppuError {
  return new OppuError('INVALID_DATA', `GGUF metadata ${key} is not ${what}`)
}

function invalid(path: string, detail: string): OppuError {
  return new OppuError('INVALID_DATA', `${path} is no GGUF that can be read: ${detail}`)
}

function truncated(path: string, cause?: unknown): OppuError {
  return new OppuError('TRUNCATED_FILE', `${path} ends before its GGUF header does`, { cause })
}
