/**
 * The sealed adapter: one file that tells nothing but its size and how many people can open it.
 *
 *     header   8  "oppuseal"
 *              1  version, 1
 *              1  number of recipients, 1 to 64
 *             32  ephemeral X25519 public key
 *           n*48  for each recipient, in no order that means anything: secretbox(file key, nonce 0, wrapping key), where
 *                   wrapping key = HKDF-SHA256(X25519(ephemeral, recipient), salt ephemeral || recipient, "…/wrap")
 *              8  first bytes of SHA-256 of the header so far
 *     payload  chunks of 64 KiB of plain text (the last one 1 byte to 64 KiB), each secretbox(chunk, nonce, payload key), where
 *                   payload key = HKDF-SHA256(file key, salt SHA-256 of the whole header, "…/payload")
 *                   nonce = 15 zero bytes, chunk number (8, big-endian), 1 for the last chunk and else 0
 *     plain    4  length of the adapter manifest, then its canonical bytes (protocol/adapter.ts)
 *              1  number of files; for each 1 length of name, name, 8 size; then the files' bytes in that order
 *
 * The header is part of the payload key, so a changed header opens nothing; the chunk number and the last-chunk
 * flag make reordering, repeating, cutting off and appending fail. The 8 bytes of SHA-256 only tell a damaged
 * header from one that is for somebody else. Manifest, base id and names are inside: only a recipient reads them. A
 * recipient is found by trying, as in age's X25519 stanza, so the file does not name them. It does not say who
 * sealed it: whoever has the recipient's public key can. Where that matters, compare the adapter's id
 * (adapters.ts). Both directions work chunk by chunk, with the files themselves the only large memory. Rejected:
 * nacl.box of the whole (three copies in memory), and a signed plain header (it would name the owner and the base).
 */
import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { type AdapterManifest, decodeAdapterManifest, encodeAdapterManifest } from '../../protocol/adapter.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { ADAPTER_LIMITS } from '../../protocol/limits.ts'
import type { ByteSource } from './atomic-file.ts'
import {
  agree,
  BOX_OVERHEAD,
  box,
  ephemeralKeyPair,
  NONCE_BYTES,
  parseRecipient,
  unbox,
  type Vault,
} from './vault.ts'

export interface UnsealedAdapter {
  readonly manifest: AdapterManifest
  /** By name: `adapter_config.json`, `adapter_model.safetensors`, … */
  readonly files: ReadonlyMap<string, Uint8Array>
}

export const CHUNK_BYTES = 64 * 1024
const MAGIC = Buffer.from('oppuseal', 'latin1')
const VERSION = 1
const PREFIX_BYTES = MAGIC.length + 2
const KEY_BYTES = 32
const WRAP_BYTES = KEY_BYTES + BOX_OVERHEAD
const CHECK_BYTES = 8
const MAX_RECIPIENTS = 64
const MAX_FILES = 16
/** A bound on what one file may make us hold in memory. */
const MAX_ADAPTER_BYTES = 2 ** 31
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/**
 * The sealed file's bytes, piece by piece; `recipients` are `oppu1…` strings (Vault.recipient), 1 to 64.
 * @throws OppuError INVALID_ARGUMENT: not a recipient; INVALID_DATA: a manifest or file name out of bounds.
 */
export function* sealAdapter(
  files: ReadonlyMap<string, Uint8Array>,
  manifest: AdapterManifest,
  recipients: readonly string[],
): Generator<Uint8Array, void> {
  const index = encodeIndex(files, encodeAdapterManifest(manifest))
  const fileKey = randomBytes(KEY_BYTES)
  const header = encodeHeader(fileKey, [...new Set(recipients)].map(parseRecipient))
  const key = payloadKey(fileKey, header)
  fileKey.fill(0)
  const chunk = new Uint8Array(CHUNK_BYTES)
  try {
    yield header
    let filled = 0
    let number = 0
    for (const part of [index, ...files.values()]) {
      for (let at = 0; at < part.length; ) {
        if (filled === CHUNK_BYTES) {
          yield box(chunk, chunkNonce(number++, false), key)
          filled = 0
        }
        const length = Math.min(CHUNK_BYTES - filled, part.length - at)
        chunk.set(part.subarray(at, at + length), filled)
        filled += length
        at += length
      }
    }
    yield box(chunk.subarray(0, filled), chunkNonce(number, true), key)
  } finally {
    chunk.fill(0)
    key.fill(0)
  }
}

/**
 * Opens a sealed file. Nothing comes back before its last byte is verified, and the source is closed whatever happens.
 * `sourceBytes`, the source's length
 * where it is known, bounds what a file may claim to hold.
 * @throws OppuError CORRUPT_ADAPTER: damaged, cut off, changed or not such a file; NOT_A_RECIPIENT: sealed for
 * others; TOO_LARGE; CLOSED; the signal's reason.
 */
export async function unsealAdapter(
  source: ByteSource,
  vault: Vault,
  options: { readonly signal?: AbortSignal; readonly sourceBytes?: number } = {},
): Promise<UnsealedAdapter> {
  const sealed = new Reader(source instanceof Uint8Array ? [source] : source)
  let key: Uint8Array | undefined
  try {
    const header = await readHeader(sealed)
    const fileKey = unwrapFileKey(header, vault)
    key = payloadKey(fileKey, header)
    fileKey.fill(0)
    const plain = new Reader(openChunks(sealed, key, options.signal))
    return await readPlain(plain, source instanceof Uint8Array ? source.length : options.sourceBytes)
  } finally {
    key?.fill(0)
    await sealed.close()
  }
}

async function* openChunks(
  sealed: Reader,
  key: Uint8Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let number = 0, last = false; !last; number++) {
    signal?.throwIfAborted()
    const boxed = await sealed.take(CHUNK_BYTES + BOX_OVERHEAD)
    last = await sealed.atEnd()
    const chunk = boxed.length > BOX_OVERHEAD ? unbox(boxed, chunkNonce(number, last), key) : undefined
    if (!chunk)
      throw corrupt(
        last ? `it is damaged or cut off in part ${number}` : `part ${number} is damaged or out of place`,
      )
    yield chunk
  }
}

// --- header ---

function encodeHeader(fileKey: Uint8Array, recipients: readonly Uint8Array[]): Uint8Array {
  if (recipients.length === 0 || recipients.length > MAX_RECIPIENTS) {
    throw new OppuError(
      'INVALID_ARGUMENT',
      `an adapter is sealed for 1 to ${MAX_RECIPIENTS} recipients, not ${recipients.length}`,
    )
  }
  const ephemeral = ephemeralKeyPair()
  const wraps = recipients.map(recipient => {
    const shared = agree(ephemeral.secretKey, recipient)
    if (!shared) throw new OppuError('INVALID_ARGUMENT', 'a recipient is not a usable key')
    return box(fileKey, new Uint8Array(NONCE_BYTES), wrapKey(shared, ephemeral.publicKey, recipient))
  })
  ephemeral.secretKey.fill(0)
  const head = Buffer.concat([
    MAGIC,
    Uint8Array.of(VERSION, recipients.length),
    ephemeral.publicKey,
    ...wraps,
  ])
  return Buffer.concat([head, headerCheck(head)])
}

async function readHeader(sealed: Reader): Promise<Uint8Array> {
  const prefix = await sealed.take(PREFIX_BYTES)
  if (prefix.length < PREFIX_BYTES || !MAGIC.equals(prefix.subarray(0, MAGIC.length)))
    throw corrupt('it is not a sealed adapter')
  const [version = 0, count = 0] = prefix.subarray(MAGIC.length)
  if (version !== VERSION) throw corrupt(`its version is ${version}, and this program knows ${VERSION}`)
  if (count === 0 || count > MAX_RECIPIENTS) throw corrupt('its number of recipients is out of bounds')
  const length = KEY_BYTES + count * WRAP_BYTES + CHECK_BYTES
  const header = Buffer.concat([prefix, await sealed.take(length)])
  if (header.length < PREFIX_BYTES + length) throw corrupt('it is cut off in its header')
  if (!headerCheck(header.subarray(0, -CHECK_BYTES)).equals(header.subarray(-CHECK_BYTES)))
    throw corrupt('its header is damaged')
  return header
}

function unwrapFileKey(header: Uint8Array, vault: Vault): Uint8Array {
  const ephemeral = header.subarray(PREFIX_BYTES, PREFIX_BYTES + KEY_BYTES)
  const shared = vault.agree(ephemeral)
  if (shared) {
    const key = wrapKey(shared, ephemeral, vault.publicKey)
    for (
      let at = PREFIX_BYTES + KEY_BYTES;
      at + WRAP_BYTES + CHECK_BYTES <= header.length;
      at += WRAP_BYTES
    ) {
      const fileKey = unbox(header.subarray(at, at + WRAP_BYTES), new Uint8Array(NONCE_BYTES), key)
      if (fileKey) return fileKey
    }
  }
  throw new OppuError('NOT_A_RECIPIENT', 'this adapter is not sealed for this vault')
}

function headerCheck(header: Uint8Array): Buffer {
  return createHash('sha256').update(header).digest().subarray(0, CHECK_BYTES)
}

function wrapKey(shared: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return hkdf(shared, Buffer.concat([ephemeral, recipient]), 'oppu/sealed-adapter/v1/wrap')
}

function payloadKey(fileKey: Uint8Array, header: Uint8Array): Uint8Array {
  return hkdf(fileKey, createHash('sha256').update(header).digest(), 'oppu/sealed-adapter/v1/payload')
}

function hkdf(secret: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, KEY_BYTES))
}

function chunkNonce(number: number, last: boolean): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeBigUInt64BE(BigInt(number), NONCE_BYTES - 9)
  nonce[NONCE_BYTES - 1] = last ? 1 : 0
  return nonce
}

// --- plain text ---

function encodeIndex(files: ReadonlyMap<string, Uint8Array>, manifest: Uint8Array): Uint8Array {
  if (files.size === 0 || files.size > MAX_FILES)
    throw new OppuError('INVALID_DATA', `an adapter has 1 to ${MAX_FILES} files, not ${files.size}`)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(manifest.length)
  const parts: Uint8Array[] = [length, manifest, Uint8Array.of(files.size)]
  for (const [name, bytes] of files) {
    if (!FILE_NAME.test(name))
      throw new OppuError('INVALID_DATA', `not a name for an adapter's file: ${JSON.stringify(name)}`)
    const size = Buffer.alloc(8)
    size.writeBigUInt64BE(BigInt(bytes.length))
    parts.push(Uint8Array.of(name.length), Buffer.from(name, 'latin1'), size)
  }
  return Buffer.concat(parts)
}

async function readPlain(plain: Reader, sourceBytes = Number.POSITIVE_INFINITY): Promise<UnsealedAdapter> {
  const manifestBytes = (await plain.exactly(4)).readUInt32BE()
  if (manifestBytes > ADAPTER_LIMITS.bytes) throw corrupt('its manifest is too long')
  const manifest = await plain.exactly(manifestBytes)
  const [count = 0] = await plain.exactly(1)
  if (count === 0 || count > MAX_FILES) throw corrupt('its number of files is out of bounds')
  const index: { readonly name: string; readonly size: number }[] = []
  for (let i = 0; i < count; i++) {
    const [length = 0] = await plain.exactly(1)
    const name = (await plain.exactly(length)).toString('latin1')
    const size = Number((await plain.exactly(8)).readBigUInt64BE())
    if (!FILE_NAME.test(name) || index.some(other => other.name === name))
      throw corrupt('it holds a file with a bad name')
    index.push({ name, size })
  }
  const total = index.reduce((sum, { size }) => sum + size, 0)
  if (total > sourceBytes) throw corrupt('it is cut off')
  if (total > MAX_ADAPTER_BYTES) {
    throw new OppuError(
      'TOO_LARGE',
      `the adapter claims ${total} bytes; at most ${MAX_ADAPTER_BYTES} are taken`,
    )
  }
  const files = new Map<string, Uint8Array>()
  for (const { name, size } of index) files.set(name, await plain.exactly(size))
  if (!(await plain.atEnd())) throw corrupt('it holds more than its index says')
  return { manifest: decodeManifest(manifest), files }
}

function decodeManifest(bytes: Uint8Array): AdapterManifest {
  try {
    return decodeAdapterManifest(bytes)
  } catch (error) {
    if (isOppuError(error)) throw corrupt(`its manifest cannot be read (${error.message})`, error)
    throw error
  }
}

function corrupt(why: string, cause?: unknown): OppuError {
  return new OppuError('CORRUPT_ADAPTER', `the sealed adapter cannot be used: ${why}`, { cause })
}

/** Pulls exact lengths out of pieces of any size. */
class Reader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)

  constructor(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    this.#pieces = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  }

  async atEnd(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next()
      if (done) return true
      this.#piece = value
    }
    return false
  }

  /** `length` bytes, or what is left where that is less. */
  async take(length: number): Promise<Buffer> {
    const taken = Buffer.alloc(length)
    let filled = 0
    while (filled < length && !(await this.atEnd())) {
      const part = this.#piece.subarray(0, length - filled)
      taken.set(part, filled)
      filled += part.length
      this.#piece = this.#piece.subarray(part.length)
    }
    return filled === length ? taken : taken.subarray(0, filled)
  }

  /** Lets go of the source, read to its end or not. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  /** @throws OppuError CORRUPT_ADAPTER when fewer are left. */
  async exactly(length: number): Promise<Buffer> {
    const bytes = await this.take(length)
    if (bytes.length < length) throw corrupt('it holds less than its index says')
    return bytes
  }
}
