/**
 * The safetensors file format, both ways: strict header, tensor bytes to float32, and writing.
 *
 * Works on bytes that are handed in; opening files, shards and conversion of whole bases belong to `base/`.
 * Strict means: the tensors must tile the data part exactly (no gap, no overlap, no rest), as the format
 * demands, so that a truncated or spliced file is refused before a single weight is read.
 * Format: https://huggingface.co/docs/safetensors (8 bytes little-endian header length, JSON header, data).
 */
import { OppuError } from '../../protocol/errors.ts'

/** Bytes per element of every dtype we know of. Only those of `FLOAT_DTYPES` can be read as float32. */
const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
} as const
export type SafetensorsDType = keyof typeof ELEMENT_BYTES

/** One tensor's place: `offset` counts from the start of the file, `length` in bytes. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDType
  readonly shape: readonly number[]
  readonly offset: number
  readonly length: number
}

export interface SafetensorsHeader {
  /** The `__metadata__` entry; empty where the file has none. */
  readonly metadata: ReadonlyMap<string, string>
  /** In the file's own order of data. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>
  /** Where the data begins, counted from the start of the file. */
  readonly dataStart: number
}

/** The reference implementation's own limit on the JSON header. */
const MAX_HEADER_BYTES = 100_000_000
const MAX_DIMENSIONS = 8

/**
 * Length of the JSON header from the first 8 bytes: read `8 + this` bytes, then call `parseSafetensorsHeader`.
 * @throws OppuError TRUNCATED_FILE (fewer than 8 bytes), INVALID_DATA (beyond the limit).
 */
export function safetensorsHeaderLength(first: Uint8Array): number {
  if (first.length < 8)
    throw new OppuError(
      'TRUNCATED_FILE',
      `a safetensors file has at least 8 bytes, this one has ${first.length}`,
    )
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(MAX_HEADER_BYTES))
    throw new OppuError('INVALID_DATA', `not a safetensors file: header of ${length} bytes`)
  return Number(length)
}

/**
 * Parses the header. `bytes` holds at least the first `8 + header length` bytes of a file of `fileSize` bytes.
 * @throws OppuError TRUNCATED_FILE when the file is shorter than its header says, INVALID_DATA for all else.
 */
export function parseSafetensorsHeader(bytes: Uint8Array, fileSize: number): SafetensorsHeader {
  const headerLength = safetensorsHeaderLength(bytes)
  const dataStart = 8 + headerLength
  if (bytes.length < dataStart || fileSize < dataStart) {
    throw new OppuError(
      'TRUNCATED_FILE',
      `safetensors header of ${headerLength} bytes, but the file ends before`,
    )
  }
  const json = parseJson(bytes.subarray(8, dataStart))
  const metadata = new Map<string, string>()
  const entries: [string, SafetensorsEntry][] = []
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(objectOf(value, name))) {
        if (typeof text !== 'string') throw invalid(`metadata ${JSON.stringify(key)} is not a string`)
        metadata.set(key, text)
      }
    } else entries.push([name, parseEntry(name, value, dataStart)])
  }
  entries.sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length)
  let end = dataStart
  for (const [name, entry] of entries) {
    if (entry.offset !== end) throw invalid(`tensor ${JSON.stringify(name)} overlaps another or leaves a gap`)
    end = entry.offset + entry.length
  }
  if (end > fileSize)
    throw new OppuError(
      'TRUNCATED_FILE',
      `safetensors data ends at byte ${end}, but the file has ${fileSize}`,
    )
  if (end < fileSize) throw invalid(`${fileSize - end} bytes after the last tensor`)
  return { metadata, tensors: new Map(entries), dataStart }
}

function parseEntry(name: string, value: unknown, dataStart: number): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = objectOf(value, name)
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype))
    throw invalid(`tensor ${JSON.stringify(name)} has dtype ${JSON.stringify(dtype)}`)
  if (!isCounts(shape) || shape.length > MAX_DIMENSIONS)
    throw invalid(`tensor ${JSON.stringify(name)} has a bad shape`)
  if (!isCounts(offsets) || offsets.length !== 2)
    throw invalid(`tensor ${JSON.stringify(name)} has bad offsets`)
  const [begin, end] = offsets as [number, number]
  const length = shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype as SafetensorsDType])
  if (end - begin !== length)
    throw invalid(`tensor ${JSON.stringify(name)} takes ${end - begin} bytes, its shape ${length}`)
  return { dtype: dtype as SafetensorsDType, shape, offset: dataStart + begin, length }
}

/**
 * One tensor's raw little-endian bytes as float32.
 * @throws OppuError INVALID_DATA for a dtype that is no float we read.
 */
export function toFloat32(bytes: Uint8Array, dtype: SafetensorsDType): Float32Array {
  const count = bytes.length / ELEMENT_BYTES[dtype]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const values = new Float32Array(count)
  const bits = new Uint32Array(values.buffer)
  switch (dtype) {
    case 'F32':
      new Uint8Array(values.buffer).set(bytes)
      return values
    case 'F64':
      for (let i = 0; i < count; i++) values[i] = view.getFloat64(8 * i, true)
      return values
    case 'BF16':
      for (let i = 0; i < count; i++) bits[i] = view.getUint16(2 * i, true) << 16
      return values
    case 'F16':
      for (let i = 0; i < count; i++) values[i] = HALF_TO_FLOAT[view.getUint16(2 * i, true)]!
      return values
    default:
      throw invalid(`tensors of dtype ${dtype} cannot be read as floats`)
  }
}

/** Every half-precision number, by its bits: 256 KiB once, then a look-up per weight. */
const HALF_TO_FLOAT = Float32Array.from({ length: 65536 }, (_, half) => {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
})

/** What `writeSafetensors` takes: row-major float32 values. */
export interface NamedTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A whole safetensors file in memory, as named float32 tensors. @throws as `parseSafetensorsHeader`, `toFloat32`. */
export function readSafetensors(file: Uint8Array): {
  tensors: Map<string, NamedTensor>
  metadata: ReadonlyMap<string, string>
} {
  const header = parseSafetensorsHeader(file, file.length)
  const tensors = new Map<string, NamedTensor>()
  for (const [name, { dtype, shape, offset, length }] of header.tensors) {
    tensors.set(name, { shape, data: toFloat32(file.subarray(offset, offset + length), dtype) })
  }
  return { tensors, metadata: header.metadata }
}

/**
 * A whole file. Same tensors, same metadata, same dtype: same bytes (names are sorted), so that adapters can be
 * compared and content-addressed. `BF16` rounds to nearest, ties to even.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: 'F32' | 'BF16' = 'F32',
): Uint8Array {
  const names = [...tensors.keys()].sort()
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}
  let end = 0
  for (const name of names) {
    const { shape, data } = tensors.get(name)!
    if (shape.reduce((a, b) => a * b, 1) !== data.length)
      throw new TypeError(`${name}: ${data.length} values for shape [${shape}]`)
    const begin = end
    end += data.length * ELEMENT_BYTES[dtype]
    header[name] = { dtype, shape, data_offsets: [begin, end] }
  }
  const json = Buffer.from(JSON.stringify(header))
  const headerLength = Math.ceil(json.length / 8) * 8 // padded with spaces: the data starts aligned
  const file = new Uint8Array(8 + headerLength + end)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true)
  file.fill(0x20, 8, 8 + headerLength).set(json, 8)
  let offset = 8 + headerLength
  for (const name of names) {
    const { data } = tensors.get(name)!
    file.set(
      dtype === 'F32' ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : brainFloats(data),
      offset,
    )
    offset += data.length * ELEMENT_BYTES[dtype]
  }
  return file
}

function brainFloats(data: Float32Array): Uint8Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
  const halves = Uint16Array.from(bits, (word, i) =>
    Number.isNaN(data[i]) ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16,
  )
  return new Uint8Array(halves.buffer)
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new OppuError('INVALID_DATA', 'not a safetensors file: its header is no JSON', { cause })
  }
  return objectOf(value, 'header')
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${JSON.stringify(what)} is not an object`)
  return value as Record<string, unknown>
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0)
}

function invalid(detail: string): OppuError {
  return new OppuError('INVALID_DATA', `bad safetensors file: ${detail}`)
}
